package c1mlab.netty;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketServerExtensionHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateServerExtensionHandshaker;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.function.UnaryOperator;

/** Gives a connection the WebSocket handlers of the path that it asks for, and leaves its pipeline. */
@Sharable
final class PathHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    static final long CLOSE_MILLIS = 5000;
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final boolean DEFLATES = "1".equals(System.getenv("C1M_DEFLATE"));
    private static final WebSocketServerProtocolConfig CONFIG = WebSocketServerProtocolConfig.newBuilder()
            .websocketPath("/")
            .checkStartsWith(true)
            .maxFramePayloadLength(MAX_MESSAGE_BYTES)
            .allowExtensions(DEFLATES)
            .forceCloseTimeoutMillis(CLOSE_MILLIS)
            .build();

    final ChannelGroup members = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    final ChannelGroup publishers = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final FrameHandler echo = new FrameHandler(WebSocketFrame::retain);
    private final FrameHandler publish = new FrameHandler(this::publish);

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        switch (new QueryStringDecoder(request.uri()).path()) {
            case "/" -> upgrade(ctx, request, members, echo);
            case "/publish" -> upgrade(ctx, request, publishers, publish);
            default ->
                ctx.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.NOT_FOUND))
                        .addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request, ChannelGroup group, FrameHandler handler) {
        var pipeline = ctx.pipeline();
        if (DEFLATES) {
            // Netty's own choices, but that either side may go without context takeover, and that memory is bounded: it asks for
            // room of twice what is left to inflate.
            pipeline.addLast(new WebSocketServerExtensionHandler(
                    new PerMessageDeflateServerExtensionHandshaker(6, false, 15, true, true, 4 * MAX_MESSAGE_BYTES)));
        }
        pipeline.addLast(new WebSocketServerProtocolHandler(CONFIG))
                .addLast(new WebSocketFrameAggregator(MAX_MESSAGE_BYTES))
                .addLast(handler);
        // It joins before its 101 is written; what another event loop sends it meanwhile comes after that.
        group.add(ctx.channel());
        ctx.fireChannelRead(request.retain());
        if (pipeline.get(WebSocketFrameDecoder.class) == null) {
            group.remove(ctx.channel());
        }
        pipeline.remove(this);
    }

    /** Sends to every member, and returns the publisher's answer. A member for which too much waits is closed. */
    private WebSocketFrame publish(WebSocketFrame message) {
        var began = System.nanoTime();
        var addressed = 0;
        var failed = 0;
        for (var member : members) {
            addressed++;
            if (member.isWritable()) {
                member.writeAndFlush(message.retainedDuplicate());
            } else {
                failed++;
                members.remove(member);
                member.close();
            }
        }
        return new TextWebSocketFrame("sent " + addressed + " " + failed + " " + (System.nanoTime() - began) / 1000);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    /** Answers each message of a client. */
    @Sharable
    private static final class FrameHandler extends SimpleChannelInboundHandler<WebSocketFrame> {
        private final UnaryOperator<WebSocketFrame> answer;

        FrameHandler(UnaryOperator<WebSocketFrame> answer) {
            this.answer = answer;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame message) {
            ctx.write(answer.apply(message));
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** A client that does not read what it gets is not read from. */
    @Sharable
    static final class ReadGate extends ChannelDuplexHandler {
        /** Netty's WebSocketProtocolHandler asks for a read after each ping, also where auto-read is off. */
        @Override
        public void read(ChannelHandlerContext ctx) {
            if (ctx.channel().isWritable()) {
                ctx.read();
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(ctx.channel().isWritable());
            ctx.fireChannelWritabilityChanged();
        }
    }
}
