package c1mlab.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import java.util.regex.Pattern;

/** Turns a request for one of the two paths into a WebSocket, and refuses every other request. */
@Sharable
final class HandshakeHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final Pattern ORIGIN = Pattern.compile("https?://[^/?#]+", Pattern.CASE_INSENSITIVE);
    /** 16 bytes in base64. */
    private static final Pattern KEY = Pattern.compile("[+/0-9A-Za-z]{22}==");

    // The connection's handler answers violations itself: the decoder would close at once, and the reset that follows
    // unread bytes can overtake the close frame. Text is checked when it is whole, once, and not once a fragment.
    private static final WebSocketDecoderConfig DECODER = WebSocketDecoderConfig.newBuilder()
            .maxFramePayloadLength(MAX_MESSAGE_BYTES)
            .closeOnProtocolViolation(false)
            .withUTF8Validator(false)
            .build();

    private final Connections connections;
    private final MemberHandler member;

    HandshakeHandler(Connections connections) {
        this.connections = connections;
        this.member = new MemberHandler(connections);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (!request.decoderResult().isSuccess()) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST);
            return;
        }
        switch (path(request.uri())) {
            case "/" -> upgrade(ctx, request, member);
            case "/publish" -> upgrade(ctx, request, new PublisherHandler(connections));
            default -> refuse(ctx, HttpResponseStatus.NOT_FOUND);
        }
    }

    /** The path of a request target, which may be in absolute form (RFC 6455, 4.2.1). */
    private static String path(String target) {
        var origin = ORIGIN.matcher(target);
        if (!origin.lookingAt()) {
            return new QueryStringDecoder(target).rawPath();
        }
        var path = new QueryStringDecoder(target.substring(origin.end())).rawPath();
        return path.isEmpty() ? "/" : path;
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request, ConnectionHandler handler) {
        if (!request.headers().contains(HttpHeaderNames.SEC_WEBSOCKET_VERSION, "13", false)) {
            refuse(ctx, HttpResponseStatus.UPGRADE_REQUIRED);
            return;
        }
        if (!isProper(request)) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST);
            return;
        }
        var channel = ctx.channel();
        channel.pipeline()
                .addLast(new WebSocketFrameAggregator(MAX_MESSAGE_BYTES))
                .addLast(handler);
        try {
            // Joins only when the HTTP codec has left the pipeline: a broadcast sent earlier would pass through it.
            new WebSocketServerHandshaker13(request.uri(), null, DECODER)
                    .handshake(channel, request)
                    .addListener(handshake -> {
                        if (handshake.isSuccess()) {
                            channel.pipeline().remove(this);
                            connections.join(channel, handler == member);
                        }
                    });
        } catch (WebSocketHandshakeException incomplete) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST);
        }
    }

    /** What RFC 6455, 4.2.1, asks for and the handshaker does not check. */
    private static boolean isProper(FullHttpRequest request) {
        var keys = request.headers().getAll(HttpHeaderNames.SEC_WEBSOCKET_KEY);
        return request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                && request.headers().getAll(HttpHeaderNames.HOST).size() == 1
                && keys.size() == 1
                && KEY.matcher(keys.get(0)).matches();
    }

    /**
     * Bytes that came right behind the request are in the HTTP codec, which leaves them to what follows it in the pipeline
     * when it goes; they belong to the frame decoder, which precedes it.
     */
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        var decoder = ctx.pipeline().context(WebSocketFrameDecoder.class);
        if (message instanceof ByteBuf && decoder != null) {
            ((ChannelInboundHandler) decoder.handler()).channelRead(decoder, message);
        } else {
            super.channelRead(ctx, message);
        }
    }

    private static void refuse(ChannelHandlerContext ctx, HttpResponseStatus status) {
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER);
        response.headers()
                .set(HttpHeaderNames.CONTENT_LENGTH, 0)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (status == HttpResponseStatus.UPGRADE_REQUIRED) {
            response.headers()
                    .set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                    .set(HttpHeaderNames.SEC_WEBSOCKET_VERSION, "13");
        }
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
