package c1mlab.undertow;

import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.WebSocketCallback;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.xnio.IoUtils;

/** A connection. Undertow queues without bound, so the bytes that wait for it are counted here, with the callback of each send. */
final class Client extends AbstractReceiveListener implements WebSocketCallback<Integer> {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final int MAX_WAITING_BYTES = 4 << 20;

    /** What becomes of a message of a client. */
    interface Receiver {
        void received(Client client, ByteBuffer message, boolean text);
    }

    final WebSocketChannel channel;
    private final Receiver receiver;
    private int waitingBytes;

    Client(WebSocketChannel channel, Receiver receiver) {
        this.channel = channel;
        this.receiver = receiver;
        channel.getReceiveSetter().set(this);
        channel.resumeReceives();
    }

    /** Sends, unless too much waits already: then the connection is cut off, and false is returned. */
    boolean offer(ByteBuffer message, boolean text) {
        if (waitingBytes + message.remaining() > MAX_WAITING_BYTES) {
            IoUtils.safeClose(channel);
            return false;
        }
        send(message, text);
        return true;
    }

    /** Sends. A client that does not read what it gets is not read from. */
    void send(ByteBuffer message, boolean text) {
        var bytes = message.remaining();
        waitingBytes += bytes;
        if (waitingBytes > MAX_MESSAGE_BYTES) {
            channel.suspendReceives();
        }
        if (text) {
            WebSockets.sendText(message, channel, this, bytes);
        } else {
            WebSockets.sendBinary(message, channel, this, bytes);
        }
    }

    @Override
    public void complete(WebSocketChannel channel, Integer bytes) {
        waitingBytes -= bytes;
        if (waitingBytes <= MAX_MESSAGE_BYTES) {
            channel.resumeReceives();
        }
    }

    @Override
    public void onError(WebSocketChannel channel, Integer bytes, Throwable error) {
        IoUtils.safeClose(channel);
    }

    @Override
    protected void onFullTextMessage(WebSocketChannel channel, BufferedTextMessage message) {
        receiver.received(this, ByteBuffer.wrap(message.getData().getBytes(StandardCharsets.UTF_8)), true);
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel channel, BufferedBinaryMessage message) {
        try (var data = message.getData()) {
            // The pooled buffers go back at once, whatever becomes of the message.
            receiver.received(this, WebSockets.mergeBuffers(data.getResource()), false);
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
