package c1mlab.undertow;

import io.undertow.websockets.core.WebSocketChannel;
import java.nio.ByteBuffer;

/** A member gets its own messages back. */
final class Member extends Connection {
    Member(Connections connections, WebSocketChannel channel) {
        super(connections, channel);
    }

    @Override
    void messageReceived(ByteBuffer payload, boolean text) {
        send(payload, text);
    }
}
