package c1mlab.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** One message on its way to all members: encoded once, its writes counted until the last is done. */
final class Broadcast implements ChannelFutureListener {
    /** Hears of the end of a broadcast: whom it was for, how many did not get it, and microseconds since it was received. */
    interface Done {
        void broadcastDone(int members, int failed, long elapsedMicros);
    }

    private final long startedNanos = System.nanoTime();
    private final AtomicInteger members = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger pending;
    private final ByteBuf frame;
    private final Done done;

    /** Of the {@code loops} event loops each must call {@link #send} once. */
    Broadcast(WebSocketFrame message, int loops, Done done) {
        this.frame = encode(message);
        this.pending = new AtomicInteger(loops);
        this.done = done;
    }

    /**
     * Sends to the members of one event loop, on that loop. A member for whom too much waits, or who has not taken this
     * message after 10 s, is closed: it must not keep the publisher waiting for its answer.
     */
    void send(EventLoop loop, Channel[] channels) {
        var waiting = new ArrayList<ChannelFuture>();
        members.addAndGet(channels.length);
        pending.addAndGet(channels.length);
        for (var channel : channels) {
            if (channel.bytesBeforeUnwritable() < frame.readableBytes()) {
                channel.close();
                settle(false);
            } else {
                var write = channel.writeAndFlush(frame.retainedDuplicate()).addListener(this);
                if (!write.isDone()) {
                    waiting.add(write);
                }
            }
        }
        if (!waiting.isEmpty()) {
            loop.schedule(() -> closeLate(waiting), Connections.SEND_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        }
        settle(true);
    }

    private static void closeLate(List<ChannelFuture> waiting) {
        for (var write : waiting) {
            if (!write.isDone()) {
                write.channel().close();
            }
        }
    }

    @Override
    public void operationComplete(ChannelFuture write) {
        settle(write.isSuccess());
    }

    private void settle(boolean success) {
        if (!success) {
            failed.incrementAndGet();
        }
        if (pending.decrementAndGet() == 0) {
            frame.release();
            done.broadcastDone(members.get(), failed.get(), (System.nanoTime() - startedNanos) / 1000);
        }
    }

    /** The bytes on the wire, the same for every member as a server's frames are not masked (RFC 6455, 5.2). */
    private static ByteBuf encode(WebSocketFrame message) {
        var payload = message.content();
        var length = payload.readableBytes();
        var frame = payload.alloc().directBuffer(10 + length);
        frame.writeByte(0x80 | (message instanceof TextWebSocketFrame ? 1 : 2));
        if (length < 126) {
            frame.writeByte(length);
        } else if (length < 65536) {
            frame.writeByte(126).writeShort(length);
        } else {
            frame.writeByte(127).writeLong(length);
        }
        return frame.writeBytes(payload, payload.readerIndex(), length);
    }
}
