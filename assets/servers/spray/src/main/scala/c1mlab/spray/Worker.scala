package c1mlab.spray

import akka.actor.{ ActorRef, Terminated }
import akka.io.Tcp
import akka.util.ByteString
import spray.can.Http
import spray.can.server.UHttp
import spray.can.websocket.{ FrameCommand, FrameComposing, FrameParsing, HandshakeContext, HandshakeRequest, WebSocketFrontend, WebSocketServerWorker }
import spray.can.websocket.frame.{ BinaryFrame, CloseFrame, Frame, FrameRender, StatusCode, TextFrame }
import spray.http.{ HttpRequest, HttpResponse, StatusCodes }
import spray.io.{ PipelineContext, PipelineStage, Pipelines }

object Worker {
  private val maxMessageBytes = 1 << 20
  /** What may wait for one member. */
  private val maxWaitingBytes = 4 << 20
  /** A client for whom more than this waits is not read from. */
  private val pauseBytes = 1 << 20

  /** So many bytes have been read, and their frames have come before this. */
  private final case class Read(bytes: Int)
  /** Akka has written what it was given. */
  private case object Written extends Tcp.Event
  /** The close is on its way: nothing that comes is looked at any more. */
  private case object Discard extends Tcp.Command
}

/** One connection. Akka takes one write at a time, so what is to be sent waits here until the last is done. */
class Worker(val serverConnection: ActorRef) extends WebSocketServerWorker {
  import Worker._

  private var isMember = false
  private var waiting = ByteString.empty
  private var writingBytes = 0
  /** Bytes read since the last message: fragments, with their headers. */
  private var unfinishedBytes = 0
  private var hasDealtWithRead = false

  private def waitingBytes: Int = waiting.length + writingBytes

  // A connection that fails says nothing.
  context.watch(serverConnection)

  override def closeLogic: Receive = super.closeLogic orElse { case Terminated(_) => context.stop(self) }

  override def handshaking: Receive = {
    case HandshakeRequest(handshake: HandshakeContext) =>
      handshake.request.uri.path.toString match {
        case "/" =>
          isMember = true
          context.parent ! Server.Join
          upgrade(handshake)
        case "/publish" => upgrade(handshake)
        case _          => sender() ! HttpResponse(StatusCodes.NotFound)
      }
    case _: HttpRequest => sender() ! HttpResponse(StatusCodes.BadRequest)
    case Server.Stop => serverConnection ! Http.Close
  }

  /** Upgrades to spray-websocket's own pipeline, but for the stage that writes. */
  private def upgrade(handshake: HandshakeContext): Unit = {
    sender() ! UHttp.UpgradeServer(
      WebSocketFrontend(_, self) >> FrameComposing(maxMessageBytes, handshake) >> FrameParsing(maxMessageBytes) >> output,
      handshake.response)
    // Messages may be pushed from here on.
    context.become(businessLogic orElse closeLogic)
  }

  /** Leaves it to the worker to write frames, and to ask for the next read. */
  private def output: PipelineStage = new PipelineStage {
    def apply(context: PipelineContext, commandPL: CPL, eventPL: EPL): Pipelines = new Pipelines {
      private var isDiscarding = false

      val commandPipeline: CPL = {
        case command: FrameCommand => self ! command
        case Discard =>
          isDiscarding = true
          commandPL(Tcp.ResumeReading)
        case command => commandPL(command)
      }

      val eventPipeline: EPL = {
        case _: Tcp.Received if isDiscarding =>
        case event @ Tcp.Received(data) =>
          commandPL(Tcp.SuspendReading)
          eventPL(event)
          self ! Read(data.length)
        case Written => self ! Written
        case event   => eventPL(event)
      }
    }
  }

  override def businessLogic: Receive = {
    case message @ (_: TextFrame | _: BinaryFrame) =>
      unfinishedBytes = 0
      val frame = message.asInstanceOf[Frame]
      if (isMember) write(frame) else context.parent ! Server.Publish(frame)

    case Server.Push(message) =>
      if (waitingBytes + message.payload.length <= maxWaitingBytes) write(message)
      else {
        context.parent ! Server.CutOff
        serverConnection ! Tcp.Abort
      }

    case FrameCommand(close: CloseFrame) => writeLast(close)
    case FrameCommand(frame) => write(frame)

    case Read(bytes) =>
      unfinishedBytes += bytes
      hasDealtWithRead = true
      if (unfinishedBytes <= 4 * maxMessageBytes) readOn() else writeLast(CloseFrame(StatusCode.MessageTooBig))

    case Written =>
      flush()
      readOn()
    case Server.Stop => writeLast(CloseFrame(StatusCode.GoingAway))
  }

  private def write(frame: Frame): Unit = {
    waiting ++= FrameRender(frame)
    if (writingBytes == 0) flush()
  }

  private def writeLast(close: CloseFrame): Unit = {
    write(close)
    serverConnection ! Discard
    val closing: Receive = { case Written => if (waiting.isEmpty) serverConnection ! Tcp.Close else flush() }
    context.become(closing orElse closeLogic)
  }

  private def flush(): Unit = {
    writingBytes = waiting.length
    if (waiting.nonEmpty) serverConnection ! Tcp.Write(waiting, Written)
    waiting = ByteString.empty
  }

  /** A client that does not read what it gets is not read from. */
  private def readOn(): Unit = if (hasDealtWithRead && waitingBytes <= pauseBytes) {
    hasDealtWithRead = false
    serverConnection ! Tcp.ResumeReading
  }
}
