package c1mlab.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** All open WebSockets, kept by event loop: each loop reads and changes its own sets only, so nothing is locked. */
final class Connections {
    /** A client must take within this time what it is sent, and is closed else. */
    static final int SEND_TIMEOUT_SECONDS = 10;

    private static final int LINGER_SECONDS = 2;
    private static final Discard DISCARD = new Discard();

    private static final class OfLoop {
        final Set<Channel> members = new HashSet<>();
        final Set<Channel> publishers = new HashSet<>();
        boolean stopping;
    }

    private final Map<EventLoop, OfLoop> byLoop = new IdentityHashMap<>();

    Connections(EventLoopGroup loops) {
        loops.forEach(loop -> byLoop.put((EventLoop) loop, new OfLoop()));
    }

    void join(Channel channel, boolean asMember) {
        var own = byLoop.get(channel.eventLoop());
        if (own.stopping) {
            close(channel, WebSocketCloseStatus.ENDPOINT_UNAVAILABLE);
        } else if (channel.isActive() && !isClosing(channel)) {
            (asMember ? own.members : own.publishers).add(channel);
        }
    }

    void leave(Channel channel) {
        var own = byLoop.get(channel.eventLoop());
        if (!own.members.remove(channel)) {
            own.publishers.remove(channel);
        }
    }

    /** Sends the message to all who are members now; {@code done} is called on one of the event loops. */
    void broadcast(WebSocketFrame message, Broadcast.Done done) {
        var broadcast = new Broadcast(message, byLoop.size(), done);
        byLoop.forEach((loop, own) -> loop.execute(() -> broadcast.send(loop, own.members.toArray(new Channel[0]))));
    }

    /** Answers the client's close frame, which it takes over, behind what the client still has to take. */
    void answerClose(Channel channel, CloseWebSocketFrame close) {
        end(channel, close, SEND_TIMEOUT_SECONDS);
    }

    /** Closes, on the channel's event loop. */
    void close(Channel channel, WebSocketCloseStatus status) {
        end(channel, new CloseWebSocketFrame(status), LINGER_SECONDS);
    }

    /**
     * Closing a socket with unread bytes resets it, and a reset can overtake the close frame: so the sending side is shut
     * down behind that frame, and the rest is read and dropped until the client ends its side too.
     */
    private void end(Channel channel, CloseWebSocketFrame close, int sendSeconds) {
        leave(channel);
        if (isClosing(channel)) {
            close.release();
            return;
        }
        channel.pipeline().replace(WebSocketFrameDecoder.class, null, DISCARD);
        channel.config().setAutoRead(true);
        var sending = channel.writeAndFlush(close);
        if (!sending.isDone()) {
            var expiry = closeAfter(channel, sendSeconds);
            sending.addListener(sent -> expiry.cancel(false));
        }
        sending.addListener(sent -> {
            if (sent.isSuccess()) {
                ((SocketChannel) channel).shutdownOutput();
                var expiry = closeAfter(channel, LINGER_SECONDS);
                channel.closeFuture().addListener(closed -> expiry.cancel(false));
            }
        });
    }

    private static Future<?> closeAfter(Channel channel, int seconds) {
        return channel.eventLoop().schedule(() -> channel.close(), seconds, TimeUnit.SECONDS);
    }

    static boolean isClosing(Channel channel) {
        return channel.pipeline().get(WebSocketFrameDecoder.class) == null;
    }

    /** Closes every connection and returns when all are gone or {@code seconds} have passed; not for an event loop. */
    void closeAll(WebSocketCloseStatus status, int seconds) throws InterruptedException {
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        var closing = new ArrayList<List<Channel>>();
        for (var entry : byLoop.entrySet()) {
            var own = entry.getValue();
            var channels = entry.getKey().submit(() -> {
                own.stopping = true;
                var all = new ArrayList<>(own.members);
                all.addAll(own.publishers);
                all.forEach(channel -> close(channel, status));
                return all;
            });
            if (channels.await(seconds, TimeUnit.SECONDS) && channels.isSuccess()) {
                closing.add(channels.getNow());
            }
        }
        for (var channels : closing) {
            for (var channel : channels) {
                channel.closeFuture().await(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
        }
    }

    /** Takes the frame decoder's place in a connection that is closing. */
    @Sharable
    private static final class Discard extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            ReferenceCountUtil.release(bytes);
        }
    }
}
