package c1mlab.undertow;

import io.undertow.websockets.core.WebSocketChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.XnioIoThread;

/** The members, kept by IO thread: each thread sends to its own, after it has answered their upgrades. */
final class Members {
    private final Map<XnioIoThread, Set<Client>> byThread = new ConcurrentHashMap<>();

    /** A member gets its own messages back. */
    void join(WebSocketChannel channel) {
        var members = byThread.computeIfAbsent(channel.getIoThread(), thread -> new HashSet<>());
        var member = new Client(channel, Client::send);
        members.add(member);
        channel.addCloseTask(closed -> closed.getIoThread().execute(() -> members.remove(member)));
    }

    /** A publisher's message goes to every member, and it is told how many those were and how many of them were cut off. */
    void publish(Client publisher, ByteBuffer message, boolean text) {
        var began = System.nanoTime();
        var addressed = new AtomicInteger();
        var failed = new AtomicInteger();
        var sending = byThread.entrySet().stream()
                .map(own -> CompletableFuture.runAsync(
                        () -> {
                            for (var member : List.copyOf(own.getValue())) {
                                addressed.incrementAndGet();
                                if (!member.offer(message.duplicate(), text)) {
                                    failed.incrementAndGet();
                                    own.getValue().remove(member);
                                }
                            }
                        },
                        own.getKey()))
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(sending)
                .thenRunAsync(
                        () -> {
                            var elapsedMicros = (System.nanoTime() - began) / 1000;
                            var answer = "sent %s %s %d".formatted(addressed, failed, elapsedMicros);
                            publisher.send(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)), true);
                        },
                        publisher.channel.getIoThread());
    }
}
