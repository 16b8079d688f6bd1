package c1mlab.spray

import akka.actor.{ ActorRef, Terminated }
import spray.can.server.{ ServerSettings, UHttp }
import spray.can.websocket
import spray.can.websocket.{ FrameComposing, FrameParsing, HandshakeContext, WebSocketFrontend, WebSocketServerWorker }
import spray.can.websocket.frame.{ BinaryFrame, Frame, TextFrame }
import spray.http.{ HttpRequest, HttpResponse, StatusCodes }

object Worker {
  private val maxMessageBytes = 1 << 20
}

/** One connection: its handshake, and what becomes of its messages. */
class Worker(val serverConnection: ActorRef, connections: ActorRef) extends WebSocketServerWorker {
  private var isMember = true

  // A connection that fails says nothing.
  context.watch(serverConnection)

  override def closeLogic: Receive = super.closeLogic orElse {
    case Terminated(_) => context.stop(self)
  }

  override def handshaking: Receive = {
    case request @ websocket.HandshakeRequest(handshake: HandshakeContext) =>
      request.asInstanceOf[HttpRequest].uri.path.toString match {
        case "/"        => upgrade(handshake)
        case "/publish" =>
          isMember = false
          upgrade(handshake)
        case _          => sender() ! HttpResponse(StatusCodes.NotFound)
      }

    case _: HttpRequest =>
      sender() ! HttpResponse(StatusCodes.BadRequest)

    case UHttp.Upgraded =>
      context.become(businessLogic orElse closeLogic)
  }

  private def upgrade(handshake: HandshakeContext): Unit = {
    val command = UHttp.UpgradeServer(pipeline(handshake), handshake.response)
    connections.tell(Connections.Join(serverConnection, isMember, command), sender())
  }

  /** spray-websocket's own pipeline, but for the stage that writes. */
  private def pipeline(handshake: HandshakeContext)(settings: ServerSettings) =
    WebSocketFrontend(settings, self) >>
      FrameComposing(Worker.maxMessageBytes, handshake) >>
      FrameParsing(Worker.maxMessageBytes) >>
      Output(self, connections, Worker.maxMessageBytes)

  override def businessLogic: Receive = {
    case message @ (_: TextFrame | _: BinaryFrame) =>
      val frame = message.asInstanceOf[Frame]
      if (isMember) send(frame) else connections.tell(Connections.Publish(frame), serverConnection)

    case back @ (_: Output.Finish | Output.CaughtUp) =>
      if (isMember) serverConnection ! back else connections.tell(back, serverConnection)
  }
}
