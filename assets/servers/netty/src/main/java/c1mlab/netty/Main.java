package c1mlab.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.Version;
import java.io.File;
import java.util.List;

/** Netty's native epoll transport, with an event loop for each processor. */
public final class Main {
    public static void main(String[] args) throws Exception {
        var port = Integer.parseInt(System.getenv("C1M_PORT"));
        var certificate = System.getenv("C1M_TLS_CERT");
        var tls = certificate == null
                ? null
                : SslContextBuilder.forServer(new File(certificate), new File(System.getenv("C1M_TLS_KEY")))
                        .build();
        var readGate = new PathHandler.ReadGate();
        var paths = new PathHandler();
        var bound = new ServerBootstrap()
                .group(new MultiThreadIoEventLoopGroup(
                        Runtime.getRuntime().availableProcessors(), EpollIoHandler.newFactory()))
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, Integer.parseInt(System.getenv("C1M_BACKLOG")))
                // What may wait for one client before its channel is not writable any more.
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(2 << 20, 4 << 20))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        var pipeline = channel.pipeline().addLast(readGate);
                        if (tls != null) {
                            pipeline.addLast(tls.newHandler(channel.alloc()));
                        }
                        pipeline.addLast(new HttpServerCodec(), new HttpObjectAggregator(8192), paths);
                    }
                })
                .bind(System.getenv("C1M_ADDRESS"), port)
                .await();
        if (!bound.isSuccess()) {
            System.err.println("netty: " + bound.cause().getMessage());
            System.exit(1);
        }

        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            bound.channel().close().awaitUninterruptibly();
            var groups = List.of(paths.members, paths.publishers);
            var goingAway = WebSocketCloseStatus.ENDPOINT_UNAVAILABLE;
            groups.forEach(group -> group.writeAndFlush(new CloseWebSocketFrame(goingAway)));
            var deadline = System.currentTimeMillis() + PathHandler.CLOSE_MILLIS + 1000;
            groups.forEach(group ->
                    group.newCloseFuture().awaitUninterruptibly(deadline - System.currentTimeMillis()));
            System.out.printf("{\"event\":\"stopped\",\"port\":%d}%n", port);
            // A JVM that a signal ends has exit code 143, unless its last hook halts it.
            Runtime.getRuntime().halt(0);
        }));
        System.out.printf(
                "{\"event\":\"listening\",\"port\":%d,\"server\":\"netty\",\"version\":\"%s\"}%n",
                port, Version.identify().get("netty-transport").artifactVersion());
    }
}
