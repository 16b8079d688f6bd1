package c1mlab.netty;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;

/** Gives a connection the WebSocket handlers of the path that it asks for, and leaves its pipeline. */
@Sharable
final class PathHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final WebSocketServerProtocolConfig CONFIG = WebSocketServerProtocolConfig.newBuilder()
            .websocketPath("/")
            .checkStartsWith(true)
            .maxFramePayloadLength(MAX_MESSAGE_BYTES)
            .forceCloseTimeoutMillis(Main.CLOSE_SECONDS * 1000L)
            .build();

    private final ChannelGroup members;
    private final ChannelGroup publishers;
    private final FrameHandler member = new FrameHandler();
    private final FrameHandler publisher;

    PathHandler(ChannelGroup members, ChannelGroup publishers) {
        this.members = members;
        this.publishers = publishers;
        this.publisher = new PublishHandler(members);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        switch (new QueryStringDecoder(request.uri()).path()) {
            case "/" -> upgrade(ctx, request, members, member);
            case "/publish" -> upgrade(ctx, request, publishers, publisher);
            default ->
                ctx.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.NOT_FOUND))
                        .addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request, ChannelGroup group, FrameHandler handler) {
        var pipeline = ctx.pipeline();
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

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
