package c1mlab.vertx;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.util.ReferenceCountUtil;

/**
 * Takes the guard's place in a connection that is closing. Closing a socket with unread bytes resets it, and a reset can overtake
 * the close frame: so after that frame the sending side is shut down, and the rest is read and dropped until the client ends its
 * side too, or Vert.x's closing time-out is over.
 */
@Sharable
final class Lingering extends ChannelDuplexHandler {
    static final Lingering HANDLER = new Lingering();

    private Lingering() {}

    @Override
    public void channelRead(ChannelHandlerContext context, Object frame) {
        ReferenceCountUtil.release(frame);
    }

    /** Whatever it is, it came too late to be answered; Netty closes after those of the socket by itself. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable error) {}

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof CloseWebSocketFrame) {
            promise.addListener(sent -> ((SocketChannel) context.channel()).shutdownOutput());
        }
        context.write(message, promise);
    }
}
