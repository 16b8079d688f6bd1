package c1mlab.spray

import akka.actor.{ Actor, ActorRef, Props, SupervisorStrategy }
import akka.io.Tcp
import akka.pattern.ask
import akka.util.Timeout
import java.net.InetSocketAddress
import scala.concurrent.Future
import scala.concurrent.duration._
import spray.can.Http
import spray.can.server.PullingListener

object Listener {
  private case object Bind
  private case object Unbind

  private implicit val timeout: Timeout = 1.minute

  /** Whether the listener could bind its socket. */
  def bound(listener: ActorRef): Future[Boolean] = (listener ? Bind).mapTo[Boolean]

  /** Completes when no more connections are accepted. */
  def unbound(listener: ActorRef): Future[Any] = listener ? Unbind
}

/** Binds the socket and gives every connection a worker. */
class Listener(endpoint: InetSocketAddress, backlog: Int, connections: ActorRef) extends Actor {
  import Listener._

  private var socket = Option.empty[ActorRef]
  private var asker = Option.empty[ActorRef]

  override def supervisorStrategy: SupervisorStrategy = SupervisorStrategy.stoppingStrategy

  def receive: Receive = {
    case Bind =>
      asker = Some(sender())
      context.actorOf(Props(new PullingListener(endpoint, backlog)))

    case _: Http.Bound =>
      socket = Some(sender())
      answer(true)

    case _: Http.CommandFailed =>
      answer(false)

    case _: Http.Connected =>
      val connection = sender()
      connection ! Http.Register(context.actorOf(Props(new Worker(connection, connections))))

    case Unbind =>
      asker = Some(sender())
      socket.foreach(_ ! Tcp.Unbind)

    case Tcp.Unbound =>
      answer(true)
  }

  private def answer(success: Boolean): Unit = asker.foreach(_ ! success)
}
