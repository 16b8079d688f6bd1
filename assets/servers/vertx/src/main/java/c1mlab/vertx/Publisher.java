package c1mlab.vertx;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;

/** A publisher's messages go to every member, and it hears how each broadcast went when its last write is done. */
final class Publisher extends Connection {
    Publisher(Connections.OfLoop loop, ServerWebSocket socket) {
        super(loop, socket);
    }

    @Override
    void binaryReceived(Buffer message) {
        loop.broadcast(message.length(), member -> member.sendBinary(message), this::answer);
    }

    @Override
    void textReceived(String message, int bytes) {
        loop.broadcast(bytes, member -> member.sendText(message, bytes), this::answer);
    }

    private void answer(int members, int failed, long elapsedMicros) {
        var text = "sent " + members + " " + failed + " " + elapsedMicros;
        loop.run(() -> sendText(text, text.length()));
    }
}
