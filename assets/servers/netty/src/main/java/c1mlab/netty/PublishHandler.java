package c1mlab.netty;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;

/** A publisher's messages go to every member, and it is told how many those were. */
@Sharable
final class PublishHandler extends FrameHandler {
    private final ChannelGroup members;

    PublishHandler(ChannelGroup members) {
        this.members = members;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame message) {
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
        var elapsedMicros = (System.nanoTime() - began) / 1000;
        ctx.write(new TextWebSocketFrame("sent " + addressed + " " + failed + " " + elapsedMicros));
    }
}
