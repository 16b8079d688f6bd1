package c1mlab.undertow;

import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.WebSocketCallback;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.IoUtils;
import org.xnio.XnioIoThread;

/** A connection. Undertow queues without bound, so the bytes that wait for it are counted here, with the callback of each send. */
final class Client extends AbstractReceiveListener implements WebSocketCallback<Integer> {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final int MAX_WAITING_BYTES = 4 << 20;
    private static final int PAUSE_BYTES = 64 << 10;
    /** What a message counts besides its own bytes while it waits: each send goes through all that wait. */
    private static final int FRAME_BYTES = 256;

    /** The members, kept by IO thread: each thread sends to its own, after it has answered their upgrades. */
    private static final Map<XnioIoThread, Set<Client>> MEMBERS = new ConcurrentHashMap<>();

    private final WebSocketChannel channel;
    private final boolean isMember;
    private int waitingBytes;

    Client(WebSocketChannel channel, boolean isMember) {
        this.channel = channel;
        this.isMember = isMember;
        if (isMember) {
            var members = MEMBERS.computeIfAbsent(channel.getIoThread(), thread -> new HashSet<>());
            members.add(this);
            channel.addCloseTask(closed -> closed.getIoThread().execute(() -> members.remove(this)));
        }
        channel.getReceiveSetter().set(this);
        channel.resumeReceives();
    }

    /** A member gets its own messages back; a publisher's go to every member. */
    private void received(ByteBuffer message, boolean text) {
        if (isMember) {
            send(message, text);
        } else {
            publish(message, text);
        }
    }

    /** Each thread sends to its members; then the publisher is told how many those were and how many of them were cut off. */
    private void publish(ByteBuffer message, boolean text) {
        var bytes = hold(message.remaining());
        var began = System.nanoTime();
        var addressed = new AtomicInteger();
        var failed = new AtomicInteger();
        var sending = MEMBERS.entrySet().stream().map(own -> CompletableFuture.runAsync(() -> {
            var count = own.getValue().size();
            own.getValue().removeIf(member -> !member.offer(message.duplicate(), text));
            addressed.addAndGet(count);
            failed.addAndGet(count - own.getValue().size());
        }, own.getKey())).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(sending).thenRunAsync(() -> {
            var answer = "sent %s %s %d".formatted(addressed, failed, (System.nanoTime() - began) / 1000);
            send(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)), true);
            complete(channel, bytes);
        }, channel.getIoThread());
    }

    /** Sends, unless too much waits already: then the connection is cut off, and false is returned. */
    private boolean offer(ByteBuffer message, boolean text) {
        if (waitingBytes + message.remaining() > MAX_WAITING_BYTES) {
            IoUtils.safeClose(channel);
            return false;
        }
        send(message, text);
        return true;
    }

    /** Counts a message that waits, until {@link #complete}. A client for which too much waits is not read from. */
    private int hold(int messageBytes) {
        var bytes = messageBytes + FRAME_BYTES;
        waitingBytes += bytes;
        if (waitingBytes > PAUSE_BYTES) {
            channel.suspendReceives();
        }
        return bytes;
    }

    private void send(ByteBuffer message, boolean text) {
        var bytes = hold(message.remaining());
        if (text) {
            WebSockets.sendText(message, channel, this, bytes);
        } else {
            WebSockets.sendBinary(message, channel, this, bytes);
        }
    }

    @Override
    public void complete(WebSocketChannel channel, Integer bytes) {
        waitingBytes -= bytes;
        if (waitingBytes == 0) {
            channel.resumeReceives();
        }
    }

    @Override
    public void onError(WebSocketChannel channel, Integer bytes, Throwable error) {
        IoUtils.safeClose(channel);
    }

    @Override
    protected void onFullTextMessage(WebSocketChannel channel, BufferedTextMessage message) {
        received(ByteBuffer.wrap(message.getData().getBytes(StandardCharsets.UTF_8)), true);
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel channel, BufferedBinaryMessage message) {
        try (var data = message.getData()) {
            // The pooled buffers go back at once, whatever becomes of the message.
            received(WebSockets.mergeBuffers(data.getResource()), false);
        }
    }

    @Override
    protected long getMaxTextBufferSize() {
        return MAX_MESSAGE_BYTES;
    }

    @Override
    protected long getMaxBinaryBufferSize() {
        return MAX_MESSAGE_BYTES;
    }
}
