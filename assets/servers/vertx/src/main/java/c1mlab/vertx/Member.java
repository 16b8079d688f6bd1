package c1mlab.vertx;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;

/** A member gets its own messages back. */
final class Member extends Connection {
    Member(Connections.OfLoop loop, ServerWebSocket socket) {
        super(loop, socket);
    }

    @Override
    void binaryReceived(Buffer message) {
        sendBinary(message);
    }

    @Override
    void textReceived(String message, int bytes) {
        sendText(message, bytes);
    }
}
