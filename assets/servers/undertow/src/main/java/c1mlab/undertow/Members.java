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
import org.xnio.XnioIoThread;

/** The members, kept by IO thread: each thread sends to its own, after it has answered their upgrades. */
final class Members {
    private final Map<XnioIoThread, Set<Client>> byThread = new ConcurrentHashMap<>();

    /** How many members a message was addressed to, and how many of them were cut off. */
    record Sent(int members, int failed) {
        Sent plus(Sent other) {
            return new Sent(members + other.members, failed + other.failed);
        }
    }

    /** A member gets its own messages back. */
    void join(WebSocketChannel channel) {
        var members = byThread.computeIfAbsent(channel.getIoThread(), thread -> new HashSet<>());
        var member = new Client(channel, Client::send);
        members.add(member);
        channel.addCloseTask(closed -> member.thread().execute(() -> members.remove(member)));
    }

    /** A publisher's message goes to every member, and it is told how many those were. */
    void publish(Client publisher, ByteBuffer message, boolean text) {
        var began = System.nanoTime();
        var sent = CompletableFuture.completedFuture(new Sent(0, 0));
        for (var entry : byThread.entrySet()) {
            var part = CompletableFuture.supplyAsync(() -> send(entry.getValue(), message, text), entry.getKey());
            sent = sent.thenCombine(part, Sent::plus);
        }
        sent.thenAcceptAsync(
                all -> {
                    var elapsedMicros = (System.nanoTime() - began) / 1000;
                    var answer = "sent " + all.members() + " " + all.failed() + " " + elapsedMicros;
                    publisher.send(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)), true);
                },
                publisher.thread());
    }

    private static Sent send(Set<Client> members, ByteBuffer message, boolean text) {
        var addressed = List.copyOf(members);
        var failed = 0;
        for (var member : addressed) {
            if (!member.offer(message.duplicate(), text)) {
                failed++;
                members.remove(member);
            }
        }
        return new Sent(addressed.size(), failed);
    }
}
