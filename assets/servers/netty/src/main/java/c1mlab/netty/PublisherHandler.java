package c1mlab.netty;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;

/** A publisher's messages go to every member, and it hears how each broadcast went when its last write is done. */
@Sharable
final class PublisherHandler extends ConnectionHandler {
    PublisherHandler(Connections connections) {
        super(connections);
    }

    @Override
    void messageReceived(ChannelHandlerContext ctx, WebSocketFrame message) {
        var publisher = ctx.channel();
        connections.broadcast(
                message,
                (members, failed, elapsedMicros) -> publisher.writeAndFlush(
                        new TextWebSocketFrame("sent " + members + " " + failed + " " + elapsedMicros)));
    }
}
