package c1mlab.netty;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;

/** A member gets its own messages back. */
@Sharable
final class MemberHandler extends ConnectionHandler {
    MemberHandler(Connections connections) {
        super(connections);
    }

    @Override
    void messageReceived(ChannelHandlerContext ctx, WebSocketFrame message) {
        ctx.write(message.retain());
    }
}
