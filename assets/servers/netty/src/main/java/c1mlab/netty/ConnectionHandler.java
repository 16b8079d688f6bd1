package c1mlab.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What members and publishers have in common: control frames, closing, and a bound on what waits to be written. */
abstract class ConnectionHandler extends SimpleChannelInboundHandler<WebSocketFrame> {
    /** RFC 6455, 7.4.2; the frame decoder checks the codes below 3000 only. */
    private static final int MAX_CLOSE_CODE = 4999;

    final Connections connections;

    ConnectionHandler(Connections connections) {
        this.connections = connections;
    }

    /** Takes a whole text or binary message; what it writes is flushed when the read ends. */
    abstract void messageReceived(ChannelHandlerContext ctx, WebSocketFrame message);

    @Override
    protected final void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
        if (frame instanceof PingWebSocketFrame) {
            ctx.write(new PongWebSocketFrame(frame.content().retain()));
        } else if (frame instanceof PongWebSocketFrame) {
            return;
        } else if (frame instanceof CloseWebSocketFrame close && close.statusCode() > MAX_CLOSE_CODE) {
            connections.close(ctx.channel(), WebSocketCloseStatus.PROTOCOL_ERROR);
        } else if (frame instanceof CloseWebSocketFrame && !hasTextReason(frame.content())) {
            connections.close(ctx.channel(), WebSocketCloseStatus.INVALID_PAYLOAD_DATA);
        } else if (frame instanceof CloseWebSocketFrame close) {
            connections.answerClose(ctx.channel(), close.retain());
        } else if (frame instanceof TextWebSocketFrame && !ByteBufUtil.isText(frame.content(), StandardCharsets.UTF_8)) {
            connections.close(ctx.channel(), WebSocketCloseStatus.INVALID_PAYLOAD_DATA);
        } else {
            messageReceived(ctx, frame);
        }
    }

    /** The frame decoder does not see that a reason ends within a character. */
    private static boolean hasTextReason(ByteBuf body) {
        var reasonLength = Math.max(0, body.readableBytes() - Short.BYTES);
        return ByteBufUtil.isText(body, body.writerIndex() - reasonLength, reasonLength, StandardCharsets.UTF_8);
    }

    @Override
    public final void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    /** A client that sends without reading is not read from until it has taken what waits for it. */
    @Override
    public final void channelWritabilityChanged(ChannelHandlerContext ctx) {
        readOrPause(ctx);
    }

    final void readOrPause(ChannelHandlerContext ctx) {
        var channel = ctx.channel();
        channel.config().setAutoRead(Connections.isClosing(channel) || (channel.isWritable() && mayReceive()));
    }

    boolean mayReceive() {
        return true;
    }

    @Override
    public final void channelInactive(ChannelHandlerContext ctx) {
        connections.leave(ctx.channel());
    }

    @Override
    public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof CorruptedWebSocketFrameException violation) {
            connections.close(ctx.channel(), violation.closeStatus());
        } else if (cause instanceof TooLongFrameException) {
            connections.close(ctx.channel(), WebSocketCloseStatus.MESSAGE_TOO_BIG);
        } else if (cause instanceof IOException || cause instanceof PrematureChannelClosureException) {
            ctx.close();
        } else {
            System.err.println("netty: closing a connection after " + cause);
            connections.close(ctx.channel(), WebSocketCloseStatus.INTERNAL_SERVER_ERROR);
        }
    }
}
