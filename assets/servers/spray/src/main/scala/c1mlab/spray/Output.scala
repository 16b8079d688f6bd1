package c1mlab.spray

import akka.actor.ActorRef
import akka.io.Tcp
import akka.util.ByteString
import scala.collection.immutable.Queue
import spray.can.websocket.FrameCommand
import spray.can.websocket.frame.{ CloseFrame, Frame, FrameRender, StatusCode }
import spray.io.{ Pipeline, PipelineContext, PipelineStage, Pipelines }

/**
 * In place of spray-websocket's FrameRendering: Akka takes one write at a time and drops what comes before it is done. Frames wait here
 * in order and counted, and a close comes after the echoes of what came before it.
 */
object Output {
  /** A broadcast. */
  final case class Push(message: Frame) extends Tcp.Command

  /** A close frame on its way behind the messages that came before it: through the worker, and `Connections` for a publisher. */
  final case class Finish(close: Frame) extends Tcp.Command

  /** On the same way: the messages of one read have been dealt with. */
  case object CaughtUp extends Tcp.Event

  private case object Written extends Tcp.Event

  /** What may wait for one member, in bytes. */
  private val maxWaitingBytes = 4 << 20
  /** A client for whom more than this waits is not read from: small frames take much more memory. */
  private val pauseBytes = 64 << 10

  def apply(worker: ActorRef, connections: ActorRef, maxMessageBytes: Int): PipelineStage = new PipelineStage {
    def apply(context: PipelineContext, commandPL: CPL, eventPL: EPL): Pipelines = new Pipelines {
      private var waiting = Queue.empty[ByteString]
      private var waitingBytes = 0
      private var unfinishedBytes = 0
      private var isAnswered = true
      private var finishing = false
      private var closing = false

      val commandPipeline: CPL = {
        case FrameCommand(frame: CloseFrame) => finish(frame)
        case FrameCommand(frame)             => if (!closing) write(frame)
        case Finish(frame) =>
          closing = true
          write(frame)
        case Push(message) if waitingBytes + message.payload.length > maxWaitingBytes =>
          connections ! Connections.CutOff(context.actorContext.self)
          commandPL(Tcp.Abort)
        case Push(message) => if (!closing) write(message)
        case command @ Pipeline.Tell(_, _: Frame, _) =>
          unfinishedBytes = 0
          commandPL(command)
        case command => commandPL(command)
      }

      val eventPipeline: EPL = {
        case _: Tcp.Received if finishing =>
        case event @ Tcp.Received(data) =>
          unfinishedBytes += data.length
          isAnswered = false
          commandPL(Tcp.SuspendReading)
          eventPL(event)
          // The headers of fragments count as well.
          if (unfinishedBytes > 4 * maxMessageBytes) finish(CloseFrame(StatusCode.MessageTooBig))
          else worker ! CaughtUp
        case CaughtUp =>
          isAnswered = true
          resumeReading()
        case Written =>
          waitingBytes -= waiting.head.length
          waiting = waiting.tail
          if (waiting.nonEmpty) commandPL(Tcp.Write(waiting.head, Written))
          else if (closing) commandPL(Tcp.Close)
          resumeReading()
        case event => eventPL(event)
      }

      private def resumeReading(): Unit = if (isAnswered && waitingBytes <= pauseBytes) commandPL(Tcp.ResumeReading)

      private def finish(close: Frame): Unit = {
        finishing = true
        worker ! Finish(close)
      }

      private def write(frame: Frame): Unit = {
        val bytes = FrameRender.render(frame, Array.empty)
        if (waiting.isEmpty) commandPL(Tcp.Write(bytes, Written))
        waiting = waiting.enqueue(bytes)
        waitingBytes += bytes.length
        if (waitingBytes > pauseBytes) commandPL(Tcp.SuspendReading)
      }
    }
  }
}
