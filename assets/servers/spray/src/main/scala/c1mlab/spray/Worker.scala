package c1mlab.spray

import akka.actor.{ ActorRef, Terminated }
import spray.can.server.{ ServerSettings, UHttp }
import spray.can.websocket
import spray.can.websocket.{ FrameComposing, FrameParsing, HandshakeContext, WebSocketFrontend, WebSocketServerWorker }
import spray.can.websocket.frame.{ BinaryFrame, Frame, FrameRender, TextFrame }
import spray.http.{ HttpHeader, HttpHeaders, HttpMethods, HttpRequest, HttpResponse, StatusCode, StatusCodes }

object Worker {
  private val maxMessageBytes = 1 << 20
  /** 16 bytes in Base64. */
  private val key = "[+/0-9A-Za-z]{22}==".r
}

/** One connection: its handshake, and what becomes of its messages. */
class Worker(val serverConnection: ActorRef, connections: ActorRef) extends WebSocketServerWorker {
  import Worker._

  /** None: a member. */
  private var answers = Option.empty[Answers]

  // The connection may also fail, and then says nothing.
  context.watch(serverConnection)

  override def postStop(): Unit = connections ! Connections.Gone(serverConnection)

  override def closeLogic: Receive = super.closeLogic orElse {
    case Terminated(_) => context.stop(self)
  }

  override def handshaking: Receive = {
    case request: HttpRequest =>
      request.uri.path.toString match {
        case "/"        => upgrade(request, asMember = true)
        case "/publish" => upgrade(request, asMember = false)
        case _          => refuse(StatusCodes.NotFound)
      }

    case UHttp.Upgraded =>
      context.become(businessLogic orElse closeLogic)
  }

  private def upgrade(request: HttpRequest, asMember: Boolean): Unit =
    request.copy(headers = request.headers.map(parsed)) match {
      case websocket.HandshakeRequest(handshake: HandshakeContext) if request.method == HttpMethods.GET =>
        if (isComplete(request)) {
          if (!asMember) answers = Some(new Answers)
          // The pipeline lives as long as the connection, and the request need not.
          val command = UHttp.UpgradeServer(pipeline(handshake.copy(request = null)), handshake.response)
          connections ! Connections.Join(serverConnection, asMember, sender(), command)
        } else refuse(StatusCodes.BadRequest)
      case _ =>
        refuse(
          StatusCodes.UpgradeRequired,
          HttpHeaders.RawHeader("Upgrade", "websocket"),
          HttpHeaders.RawHeader("Sec-WebSocket-Version", "13"))
    }

  /** spray leaves a Connection header as it is when there are spaces before a comma. */
  private def parsed(header: HttpHeader): HttpHeader = header match {
    case HttpHeaders.RawHeader(_, tokens) if header.is("connection") => HttpHeaders.Connection(tokens.split(',').map(_.trim))
    case _                                                           => header
  }

  private def isComplete(request: HttpRequest): Boolean =
    request.headers.count(_.is("host")) == 1 &&
      request.headers.exists(header => header.is("sec-websocket-key") && key.pattern.matcher(header.value).matches)

  /** spray-websocket's own pipeline, but for the stage that writes. */
  private def pipeline(handshake: HandshakeContext)(settings: ServerSettings) =
    WebSocketFrontend(settings, self) >>
      FrameComposing(maxMessageBytes, handshake) >>
      FragmentLimit(maxMessageBytes) >>
      FrameParsing(maxMessageBytes) >>
      Output(self, connections)

  private def refuse(status: StatusCode, headers: HttpHeader*): Unit =
    sender() ! HttpResponse(status, headers = HttpHeaders.Connection("close") :: headers.toList)

  override def businessLogic: Receive = {
    case finish: Output.Finish =>
      serverConnection ! finish

    case Output.CaughtUp =>
      serverConnection ! Output.CaughtUp

    case message @ (_: TextFrame | _: BinaryFrame) =>
      val frame = message.asInstanceOf[Frame]
      answers match {
        case None      => send(frame)
        case Some(own) => connections ! Connections.Publish(FrameRender.render(frame, Array.empty), self, own.nextNumber())
      }

    case answer: Answers.Known =>
      answers.foreach(_.known(answer)(text => send(TextFrame(text))))
  }
}
