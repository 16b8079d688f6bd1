package c1mlab.spray

import akka.actor.{ ActorRef, Cancellable }
import akka.io.Tcp
import akka.util.ByteString
import java.util.ArrayDeque
import scala.concurrent.duration._
import spray.can.websocket.FrameCommand
import spray.can.websocket.frame.{ Frame, FrameRender, Opcode }
import spray.io.{ Pipeline, PipelineContext, PipelineStage, Pipelines }

/**
 * The last stage of an upgraded connection's pipeline, in place of spray-websocket's FrameRendering: Akka takes one write at a
 * time and drops what comes before it is done, so frames wait here, in order and not without bound.
 */
object Output {
  final case class Deliver(broadcast: Broadcast) extends Tcp.Command
  final case class Expire(broadcast: Broadcast) extends Tcp.Command

  /** A close frame on its way through the worker, behind the messages that came before it. */
  final case class Finish(frame: Frame) extends Tcp.Command

  /** On its way through the worker too, behind the messages of one read, whose echoes come before it. */
  case object CaughtUp extends Tcp.Event

  private case object Written extends Tcp.Event
  /** The answer to a write of nothing: the socket had taken all that was written before it. */
  private final case class Taken(broadcast: Broadcast) extends Tcp.Event
  private case object LingeredEnough extends Tcp.Event

  /** What may wait for one member, in bytes (the contract's bound for slow readers). */
  private val maxPendingBytes = 4 << 20
  /** A client for whom more than this waits sends without reading, and is not read from until it has caught up. */
  private val pauseBytes = 1 << 20
  /** A read of so many bytes is one of many. */
  private val bulkBytes = 16 << 10
  private val linger = 2.seconds

  private final case class Waiting(bytes: ByteString, broadcast: Option[Broadcast]) {
    def settle(success: Boolean): Unit = broadcast.foreach(_.settle(success))
  }

  def apply(worker: ActorRef, connections: ActorRef): PipelineStage = new PipelineStage {
    def apply(context: PipelineContext, commandPL: CPL, eventPL: EPL): Pipelines =
      new Output(worker, connections, context, commandPL, eventPL)
  }
}

/** The first of `waiting` is being written. Runs within the connection's actor. */
final class Output(
    worker: ActorRef,
    connections: ActorRef,
    context: PipelineContext,
    commandPL: Pipeline[Tcp.Command],
    eventPL: Pipeline[Tcp.Event]) extends Pipelines {
  import Output._

  private val connection = context.actorContext.self
  private val waiting = new ArrayDeque[Waiting](1)
  private var pendingBytes = 0
  private var paused = false
  private var catchingUp = false
  /** Nothing that comes in counts any more: the client has sent a close frame or broken the protocol, or the server stops. */
  private var finishing = false
  /** Nothing more is written: the close frame waits, or the socket is closed. */
  private var closing = false
  private var closed = false
  private var lingering = Option.empty[Cancellable]

  val commandPipeline: Pipeline[Tcp.Command] = {
    case FrameCommand(frame) if frame.opcode == Opcode.Close =>
      if (!finishing) finish(frame)

    case FrameCommand(frame) if finishing && frame.opcode == Opcode.Pong => // a ping that came after a close is not answered

    case FrameCommand(frame) =>
      if (!closing) enqueue(Waiting(FrameRender.render(frame, Array.empty), None))

    case Finish(frame) =>
      if (!closing) {
        closing = true
        enqueue(Waiting(FrameRender.render(frame, Array.empty), None))
      }

    case Deliver(broadcast) =>
      if (closing) broadcast.settle(success = false)
      else if (pendingBytes + broadcast.frame.length > maxPendingBytes) {
        broadcast.settle(success = false)
        abort()
      } else enqueue(Waiting(broadcast.frame, Some(broadcast)))

    // Where a server is starved, the write may not have been tried yet. Behind one that the socket does not take, Akka refuses another.
    case Expire(broadcast) =>
      if (isWaiting(broadcast)) commandPL(Tcp.Write(ByteString.empty, Taken(broadcast)))

    case Pipeline.Tell(_, _: Frame, _) if finishing => // what comes after a close is not answered

    case command => commandPL(command)
  }

  val eventPipeline: Pipeline[Tcp.Event] = {
    case Written =>
      if (!closed) written()

    case Tcp.CommandFailed(Tcp.Write(_, Taken(broadcast))) =>
      if (!closed && isWaiting(broadcast)) abort()

    case Taken(broadcast) =>
      if (!closed && isWaiting(broadcast)) connections ! Connections.Await(broadcast, connection)

    case _: Tcp.Received if finishing =>

    case event: Tcp.Received if event.data.length >= bulkBytes =>
      catchingUp = true
      commandPL(Tcp.SuspendReading)
      eventPL(event)
      worker ! CaughtUp

    case CaughtUp =>
      catchingUp = false
      readOn()

    case Tcp.CommandFailed(_: Tcp.Write) | LingeredEnough =>
      if (!closed) commandPL(Tcp.Abort)

    case event: Tcp.ConnectionClosed =>
      finishing = true
      closing = true
      closed = true
      lingering.foreach(_.cancel())
      connections ! Connections.Leave(connection)
      while (!waiting.isEmpty) waiting.poll().settle(success = false)
      eventPL(event)

    case event => eventPL(event)
  }

  private def enqueue(next: Waiting): Unit = {
    waiting.add(next)
    pendingBytes += next.bytes.length
    if (waiting.size == 1) write()
    if (!paused && !finishing && pendingBytes > pauseBytes) {
      paused = true
      commandPL(Tcp.SuspendReading)
    }
  }

  private def write(): Unit = commandPL(Tcp.Write(waiting.peek().bytes, Written))

  private def written(): Unit = {
    val done = waiting.poll()
    pendingBytes -= done.bytes.length
    done.settle(success = true)
    if (!waiting.isEmpty) write()
    else if (closing) commandPL(Tcp.ConfirmedClose)
    if (paused && pendingBytes <= pauseBytes) {
      paused = false
      readOn()
    }
  }

  private def readOn(): Unit = if (!paused && !catchingUp) commandPL(Tcp.ResumeReading)

  /**
   * Begins to close. Closing a socket with unread bytes resets it, and a reset can overtake the close frame: so after the frame
   * only the sending side is shut down, and the rest is read and dropped until the client ends its side too.
   */
  private def finish(frame: Frame): Unit = {
    finishing = true
    connections ! Connections.Leave(connection)
    worker ! Finish(frame)
    if (paused) {
      paused = false
      readOn()
    }
    val system = context.actorContext.system
    lingering = Some(system.scheduler.scheduleOnce(linger, connection, LingeredEnough)(system.dispatcher))
  }

  private def abort(): Unit = {
    finishing = true
    closing = true
    connections ! Connections.Leave(connection)
    commandPL(Tcp.Abort)
  }

  private def isWaiting(broadcast: Broadcast): Boolean = {
    val all = waiting.iterator
    while (all.hasNext) if (all.next().broadcast.exists(_ eq broadcast)) return true
    false
  }
}
