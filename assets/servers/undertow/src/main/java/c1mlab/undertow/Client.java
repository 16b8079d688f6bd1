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
import org.xnio.XnioIoThread;

/** A connection. Undertow queues without bound, so what waits for it is counted here. */
final class Client extends AbstractReceiveListener {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final int MAX_WAITING_BYTES = 4 << 20;

    /** What becomes of a message of a client. */
    interface Receiver {
        void received(Client client, ByteBuffer message, boolean text);
    }

    private final WebSocketChannel channel;
    private final Receiver receiver;
    private int waitingBytes;

    Client(WebSocketChannel channel, Receiver receiver) {
        this.channel = channel;
        this.receiver = receiver;
        channel.getReceiveSetter().set(this);
        channel.resumeReceives();
    }

    XnioIoThread thread() {
        return channel.getIoThread();
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

    void send(ByteBuffer message, boolean text) {
        var sending = new Sending(message.remaining());
        if (text) {
            WebSockets.sendText(message, channel, sending);
        } else {
            WebSockets.sendBinary(message, channel, sending);
        }
    }

    /** Counts a message until the kernel has it. A client that does not read what it gets is not read from. */
    private final class Sending implements WebSocketCallback<Void> {
        private final int bytes;

        Sending(int bytes) {
            this.bytes = bytes;
            waitingBytes += bytes;
            if (waitingBytes > MAX_MESSAGE_BYTES) {
                channel.suspendReceives();
            }
        }

        @Override
        public void complete(WebSocketChannel channel, Void context) {
            waitingBytes -= bytes;
            if (waitingBytes <= MAX_MESSAGE_BYTES) {
                channel.resumeReceives();
            }
        }

        @Override
        public void onError(WebSocketChannel channel, Void context, Throwable error) {
            IoUtils.safeClose(channel);
        }
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
