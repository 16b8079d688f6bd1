package c1mlab.undertow;

import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.WebSocketCallback;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.xnio.IoUtils;
import org.xnio.XnioIoThread;

/** What members and publishers have in common. Everything happens on the IO thread of the channel. */
abstract class Connection extends AbstractReceiveListener {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    /** A client for whom more than this waits sends without reading, and is not read from until it has caught up. */
    private static final int PAUSE_BYTES = 1 << 20;
    private static final int LINGER_SECONDS = 2;

    final Connections connections;
    private final WebSocketChannel channel;
    private int pendingBytes;

    Connection(Connections connections, WebSocketChannel channel) {
        this.connections = connections;
        this.channel = channel;
    }

    abstract void messageReceived(ByteBuffer payload, boolean text);

    final XnioIoThread thread() {
        return channel.getIoThread();
    }

    final void open() {
        connections.join(this);
        channel.addCloseTask(closed -> connections.closed(this));
        channel.getReceiveSetter().set(this);
        channel.resumeReceives();
    }

    /** Bytes of payload that wait to be taken by the kernel. */
    final int pendingBytes() {
        return pendingBytes;
    }

    /** What comes after the closing handshake has begun, by either side, is neither read nor sent. */
    final boolean isClosing() {
        return channel.isCloseFrameSent();
    }

    final void send(ByteBuffer payload, boolean text) {
        send(payload, text, null);
    }

    /** Sends; when the kernel has all of it, or never will, {@code broadcast} hears of it. */
    final Sending send(ByteBuffer payload, boolean text, Broadcast broadcast) {
        var sending = new Sending(payload, broadcast);
        pendingBytes += sending.bytes;
        if (text) {
            WebSockets.sendText(payload, channel, sending);
        } else {
            WebSockets.sendBinary(payload, channel, sending);
        }
        pauseIfBehind();
        return sending;
    }

    final void pauseIfBehind() {
        if (!mayReceive()) {
            channel.suspendReceives();
        }
    }

    final void resumeUnlessBehind() {
        if (mayReceive()) {
            channel.resumeReceives();
        }
    }

    boolean mayReceive() {
        return pendingBytes <= PAUSE_BYTES;
    }

    /** A message on its way to the kernel. */
    final class Sending implements WebSocketCallback<Void> {
        private final int bytes;
        private ByteBuffer payload;
        private Broadcast broadcast;

        Sending(ByteBuffer payload, Broadcast broadcast) {
            this.bytes = payload.remaining();
            this.payload = payload;
            this.broadcast = broadcast;
        }

        /** Undertow calls this for a message that it has dropped, too; what it has written is gone from the payload. */
        @Override
        public void complete(WebSocketChannel channel, Void context) {
            settle(payload != null && !payload.hasRemaining());
        }

        @Override
        public void onError(WebSocketChannel channel, Void context, Throwable error) {
            settle(false);
            IoUtils.safeClose(channel);
        }

        boolean isSettled() {
            return payload == null;
        }

        /** Drops the connection if the kernel does not take the rest now: time may have passed without a try. */
        void abortUnlessTaken() {
            if (isSettled()) {
                return;
            }
            channel.flush();
            if (!isSettled() && (bytes == 0 || payload.hasRemaining())) {
                settle(false);
                abort();
            }
        }

        /** Undertow may call back twice for one message. */
        private void settle(boolean success) {
            if (isSettled()) {
                return;
            }
            payload = null;
            pendingBytes -= bytes;
            resumeUnlessBehind();
            if (broadcast != null) {
                broadcast.settle(success);
                broadcast = null;
            }
        }
    }

    /** Drops the connection and what waits for it. */
    final void abort() {
        IoUtils.safeClose(channel);
    }

    /** Begins the closing handshake; a client that does not answer it is dropped. */
    final void close(int code) {
        connections.leave(this);
        if (!channel.isCloseFrameSent()) {
            WebSockets.sendClose(code, null, channel, null);
        }
        var expiry = thread().executeAfter(this::abort, LINGER_SECONDS, TimeUnit.SECONDS);
        channel.addCloseTask(closed -> expiry.remove());
    }

    @Override
    protected void onFullTextMessage(WebSocketChannel channel, BufferedTextMessage message) {
        if (!isClosing()) {
            messageReceived(ByteBuffer.wrap(message.getData().getBytes(StandardCharsets.UTF_8)), true);
        }
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel channel, BufferedBinaryMessage message) {
        try (var data = message.getData()) {
            // The pooled buffers go back at once, whatever becomes of the message.
            if (!isClosing()) {
                messageReceived(copyOf(data.getResource()), false);
            }
        }
    }

    private static ByteBuffer copyOf(ByteBuffer[] buffers) {
        var length = 0;
        for (var buffer : buffers) {
            length += buffer.remaining();
        }
        var copy = ByteBuffer.allocate(length);
        for (var buffer : buffers) {
            copy.put(buffer);
        }
        return copy.flip();
    }

    @Override
    protected void onFullCloseMessage(WebSocketChannel channel, BufferedBinaryMessage message) throws IOException {
        connections.leave(this);
        super.onFullCloseMessage(channel, message);
    }

    /** Undertow has sent a close frame if the client broke the protocol; a closed socket could drop it unread. */
    @Override
    protected void onError(WebSocketChannel channel, Throwable error) {
        if (channel.isCloseFrameSent()) {
            close(CloseMessage.PROTOCOL_ERROR);
        } else {
            abort();
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

    /** The framework's default closes a client that pings more than five times a second. */
    @Override
    protected int getMaxPingsPerWindow() {
        return Integer.MAX_VALUE;
    }
}
