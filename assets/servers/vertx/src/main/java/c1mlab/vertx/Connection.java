package c1mlab.vertx;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.internal.http.WebSocketInternal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** What members and publishers have in common. Everything happens on the event loop of the socket. */
abstract class Connection {
    static final int MAX_MESSAGE_BYTES = 1 << 20;
    static final short GOING_AWAY = 1001;

    private static final short INVALID_TEXT = 1007;
    private static final short TOO_BIG = 1009;
    private static final short INTERNAL_ERROR = 1011;
    /** A client for whom more than this waits sends without reading, and is not read from until it has caught up. */
    private static final int PAUSE_BYTES = 1 << 20;

    final Connections.OfLoop loop;
    private final ServerWebSocket socket;
    /** What has come of a message in fragments, or null. */
    private Buffer partial;
    private boolean partialIsText;
    private int pendingBytes;
    private boolean closing;

    Connection(Connections.OfLoop loop, ServerWebSocket socket) {
        this.loop = loop;
        this.socket = socket;
    }

    abstract void binaryReceived(Buffer message);

    abstract void textReceived(String message, int bytes);

    final void start() {
        socket.frameHandler(this::frameReceived);
        socket.exceptionHandler(error -> close(INTERNAL_ERROR));
        refuseViolations();
        socket.closeHandler(closed -> loop.closed(this));
    }

    private void frameReceived(WebSocketFrame frame) {
        if (closing || !(frame.isText() || frame.isBinary() || frame.isContinuation())) {
            return;
        }
        // Not with Vert.x's own message handlers: they lose what follows an empty first fragment, and replace what is no UTF-8.
        var data = frame.binaryData();
        if (!frame.isContinuation()) {
            partialIsText = frame.isText();
        }
        if (frame.isContinuation() || !frame.isFinal()) {
            partial = (partial == null ? Buffer.buffer() : partial).appendBuffer(data);
            data = partial;
        }
        if (data.length() > MAX_MESSAGE_BYTES) {
            partial = null;
            close(TOO_BIG);
        } else if (frame.isFinal()) {
            partial = null;
            messageReceived(data);
        }
    }

    private void messageReceived(Buffer message) {
        if (!partialIsText) {
            binaryReceived(message);
            return;
        }
        try {
            var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(message.getBytes()));
            textReceived(text.toString(), message.length());
        } catch (CharacterCodingException invalid) {
            close(INVALID_TEXT);
        }
    }

    /** Refuses what breaks the protocol before Vert.x hears of it: that would close at once, and the reset could overtake the close frame. */
    private void refuseViolations() {
        var context = ((WebSocketInternal) socket).channelHandlerContext();
        context.pipeline().addBefore(context.name(), "violations", new ChannelInboundHandlerAdapter() {
            @Override
            public void exceptionCaught(ChannelHandlerContext here, Throwable error) {
                if (error instanceof CorruptedWebSocketFrameException violation) {
                    close((short) violation.closeStatus().code());
                } else {
                    here.fireExceptionCaught(error);
                }
            }
        });
    }

    /** Bytes of payload that wait to be taken by the kernel. */
    final int pendingBytes() {
        return pendingBytes;
    }

    /** Sends; the future completes when the kernel has all of it, or never will. */
    final Future<Void> sendBinary(Buffer message) {
        return sending(message.length(), socket.writeBinaryMessage(message));
    }

    /** Sends text that is so many bytes long; like {@link #sendBinary}. */
    final Future<Void> sendText(String message, int bytes) {
        return sending(bytes, socket.writeTextMessage(message));
    }

    private Future<Void> sending(int bytes, Future<Void> sent) {
        pendingBytes += bytes;
        if (pendingBytes > PAUSE_BYTES) {
            socket.pause();
        }
        return sent.andThen(result -> {
            var wasPaused = pendingBytes > PAUSE_BYTES;
            pendingBytes -= bytes;
            if (wasPaused && pendingBytes <= PAUSE_BYTES) {
                socket.resume();
            }
        });
    }

    /** Begins the closing handshake, which Vert.x ends after a time-out. */
    final void close(short code) {
        loop.leave(this);
        if (!closing) {
            closing = true;
            socket.close(code);
        }
    }

    /** Drops the connection and what waits for it: a close frame would wait behind it for ever. */
    final void abort() {
        loop.leave(this);
        closing = true;
        ((WebSocketInternal) socket).channelHandlerContext().close();
    }
}
