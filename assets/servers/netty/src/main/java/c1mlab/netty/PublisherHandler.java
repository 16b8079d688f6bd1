package c1mlab.netty;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * A publisher's messages go to every member, and it hears how each broadcast went when its last write is done. Every
 * publisher has a handler of its own, which only its event loop touches.
 */
final class PublisherHandler extends ConnectionHandler {
    /** A publisher with more broadcasts on their way is not read from until some are answered. */
    private static final int MAX_UNANSWERED = 1 << 16;

    private static final class Answer {
        /** Null until the broadcast is done. */
        private String text;
    }

    /** In the order of the messages: a later broadcast may be done earlier. */
    private final Queue<Answer> unanswered = new ArrayDeque<>();

    PublisherHandler(Connections connections) {
        super(connections);
    }

    @Override
    void messageReceived(ChannelHandlerContext ctx, WebSocketFrame message) {
        var answer = new Answer();
        unanswered.add(answer);
        connections.broadcast(message, (members, failed, elapsedMicros) -> ctx.executor().execute(() -> {
            answer.text = "sent " + members + " " + failed + " " + elapsedMicros;
            answerInOrder(ctx);
        }));
        if (unanswered.size() == MAX_UNANSWERED) {
            readOrPause(ctx);
        }
    }

    private void answerInOrder(ChannelHandlerContext ctx) {
        var before = unanswered.size();
        while (!unanswered.isEmpty() && unanswered.peek().text != null) {
            var frame = new TextWebSocketFrame(unanswered.remove().text);
            if (Connections.isClosing(ctx.channel())) {
                frame.release();
            } else {
                ctx.write(frame);
            }
        }
        ctx.flush();
        if (before >= MAX_UNANSWERED) {
            readOrPause(ctx);
        }
    }

    @Override
    boolean mayReceive() {
        return unanswered.size() < MAX_UNANSWERED;
    }
}
