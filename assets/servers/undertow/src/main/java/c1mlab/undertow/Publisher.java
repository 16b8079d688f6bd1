package c1mlab.undertow;

import io.undertow.websockets.core.WebSocketChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A publisher's messages go to every member, and it hears how each broadcast went when its last write is done. */
final class Publisher extends Connection {
    Publisher(Connections connections, WebSocketChannel channel) {
        super(connections, channel);
    }

    @Override
    void messageReceived(ByteBuffer payload, boolean text) {
        connections.broadcast(payload, text, (members, failed, elapsedMicros) -> {
            var answer = "sent " + members + " " + failed + " " + elapsedMicros;
            Connections.run(thread(), () -> send(ByteBuffer.wrap(answer.getBytes(StandardCharsets.US_ASCII)), true));
        });
    }
}
