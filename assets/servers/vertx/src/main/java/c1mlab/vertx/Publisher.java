package c1mlab.vertx;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.util.ArrayDeque;

/** A publisher's messages go to every member, and it hears how each broadcast went when its last write is done. */
final class Publisher extends Connection {
    /** Its broadcasts, in the order of its messages; whose answer is known stays until it is the first. */
    private final ArrayDeque<Sent> sent = new ArrayDeque<>();

    private static final class Sent {
        String answer;
    }

    Publisher(Connections.OfLoop loop, ServerWebSocket socket) {
        super(loop, socket);
    }

    @Override
    void binaryReceived(Buffer message) {
        loop.broadcast(message.length(), member -> member.sendBinary(message), answerInTurn());
    }

    @Override
    void textReceived(String message, int bytes) {
        loop.broadcast(bytes, member -> member.sendText(message, bytes), answerInTurn());
    }

    private Broadcast.Done answerInTurn() {
        var own = new Sent();
        sent.add(own);
        return (members, failed, elapsedMicros) -> loop.run(() -> {
            own.answer = "sent " + members + " " + failed + " " + elapsedMicros;
            while (!sent.isEmpty() && sent.peek().answer != null) {
                var answer = sent.poll().answer;
                sendText(answer, answer.length());
            }
        });
    }
}
