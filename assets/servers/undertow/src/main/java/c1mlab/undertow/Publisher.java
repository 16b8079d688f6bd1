package c1mlab.undertow;

import io.undertow.websockets.core.WebSocketChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;

/** A publisher's messages go to every member, and it hears how each broadcast went when its last write is done. */
final class Publisher extends Connection {
    /** A publisher with more broadcasts on their way is not read from until some are answered. */
    private static final int MAX_UNANSWERED = 1 << 16;

    private static final class Answer {
        /** Null until the broadcast is done. */
        private String text;
    }

    /** In the order of the messages: a later broadcast may be done earlier. */
    private final Queue<Answer> unanswered = new ArrayDeque<>();

    Publisher(Connections connections, WebSocketChannel channel) {
        super(connections, channel);
    }

    @Override
    void messageReceived(ByteBuffer payload, boolean text) {
        var answer = new Answer();
        unanswered.add(answer);
        connections.broadcast(payload, text, (members, failed, elapsedMicros) -> thread().execute(() -> {
            answer.text = "sent " + members + " " + failed + " " + elapsedMicros;
            answerInOrder();
        }));
        pauseIfBehind();
    }

    private void answerInOrder() {
        while (!unanswered.isEmpty() && unanswered.peek().text != null) {
            var text = unanswered.remove().text;
            if (!isClosing()) {
                send(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), true);
            }
        }
        resumeUnlessBehind();
    }

    @Override
    boolean mayReceive() {
        return super.mayReceive() && unanswered.size() < MAX_UNANSWERED;
    }
}
