package c1mlab.vertx;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.internal.http.WebSocketInternal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** What members and publishers have in common. Everything happens on the event loop of the socket. */
abstract class Connection {
    static final int MAX_MESSAGE_BYTES = 1 << 20;
    static final int GOING_AWAY = 1001;

    private static final int NORMAL = 1000;
    private static final int PROTOCOL_ERROR = 1002;
    private static final int INVALID_TEXT = 1007;
    private static final int TOO_BIG = 1009;
    private static final int INTERNAL_ERROR = 1011;
    /** RFC 6455, 7.4.2. */
    private static final int MAX_CLOSE_CODE = 4999;
    private static final int STUCK_SECONDS = 10;
    private static final String GUARD = "guard";
    private static final Future<Void> CLOSED = Future.failedFuture("the connection is closing");

    final Connections.OfLoop loop;
    private final ServerWebSocket socket;
    private final ChannelHandlerContext context;
    /** What has come of a message in fragments, or null. */
    private Buffer partial;
    private boolean partialIsText;
    private int pendingBytes;
    private boolean closing;

    Connection(Connections.OfLoop loop, ServerWebSocket socket) {
        this.loop = loop;
        this.socket = socket;
        this.context = ((WebSocketInternal) socket).channelHandlerContext();
    }

    abstract void binaryReceived(Buffer message);

    abstract void textReceived(String message, int bytes);

    final void start() {
        socket.frameHandler(this::frameReceived);
        socket.exceptionHandler(error -> close(INTERNAL_ERROR));
        context.pipeline().addBefore(context.name(), GUARD, new Guard());
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

    /**
     * Stands before Vert.x's own handler, which would answer violations and close frames by closing the socket at once, and go on
     * reading from a client that does not read its pongs.
     */
    private final class Guard extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext here, Object message) {
            if (message instanceof CloseWebSocketFrame frame) {
                closeReceived(frame);
            } else {
                here.fireChannelRead(message);
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext here) {
            // Vert.x writes what has waited, after which there may be too much again.
            here.fireChannelWritabilityChanged();
            here.channel().config().setAutoRead(here.channel().isWritable());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext here, Throwable error) {
            if (error instanceof CorruptedWebSocketFrameException violation) {
                close(violation.closeStatus().code());
            } else {
                here.fireExceptionCaught(error);
            }
        }
    }

    /** Netty has refused the bad codes below 3000 and most of the reasons that are not UTF-8. */
    private void closeReceived(CloseWebSocketFrame frame) {
        var body = frame.content();
        if (frame.statusCode() > MAX_CLOSE_CODE) {
            close(PROTOCOL_ERROR);
        } else if (body.readableBytes() > 2
                && !ByteBufUtil.isText(body, body.readerIndex() + 2, body.readableBytes() - 2, StandardCharsets.UTF_8)) {
            close(INVALID_TEXT);
        } else if (body.isReadable()) {
            close(frame.statusCode(), frame.reasonText());
        } else {
            close(NORMAL);
        }
        frame.release();
    }

    /** Bytes of payload that wait to be taken by the kernel. */
    final int pendingBytes() {
        return pendingBytes;
    }

    /** Sends; the future completes when the kernel has all of it, or never will. */
    final Future<Void> sendBinary(Buffer message) {
        return closing ? CLOSED : sending(message.length(), socket.writeBinaryMessage(message));
    }

    /** Sends text that is so many bytes long; like {@link #sendBinary}. */
    final Future<Void> sendText(String message, int bytes) {
        return closing ? CLOSED : sending(bytes, socket.writeTextMessage(message));
    }

    private Future<Void> sending(int bytes, Future<Void> sent) {
        pendingBytes += bytes;
        return sent.andThen(result -> pendingBytes -= bytes);
    }

    final void close(int code) {
        close(code, null);
    }

    /** Begins to close: the close frame is written behind what waits, and nothing that comes in counts any more. */
    private void close(int code, String reason) {
        loop.leave(this);
        if (closing) {
            return;
        }
        closing = true;
        var channel = context.channel();
        if (!channel.isActive()) {
            return;
        }
        channel.pipeline().replace(GUARD, null, Lingering.HANDLER);
        channel.config().setAutoRead(true);
        socket.close((short) code, reason);
        // Vert.x's time-out begins when the frame is written.
        var expiry = context.executor().schedule(this::abort, STUCK_SECONDS, TimeUnit.SECONDS);
        channel.closeFuture().addListener(closed -> expiry.cancel(false));
    }

    /** Drops the connection and what waits for it: a close frame would wait behind it for ever. */
    final void abort() {
        loop.leave(this);
        closing = true;
        context.close();
    }
}
