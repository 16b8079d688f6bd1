package c1mlab.spray

import akka.actor.{ Actor, ActorRef, Props, SupervisorStrategy }
import akka.io.{ IO, Inet }
import akka.pattern.ask
import akka.util.Timeout
import java.net.InetSocketAddress
import scala.concurrent.Future
import scala.concurrent.duration._
import spray.can.Http
import spray.can.server.UHttp

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
  import context.system

  private var http = Option.empty[ActorRef]
  private var asker = Option.empty[ActorRef]

  override def supervisorStrategy: SupervisorStrategy = SupervisorStrategy.stoppingStrategy

  def receive: Receive = {
    case Bind =>
      asker = Some(sender())
      IO(UHttp) ! Http.Bind(self, endpoint, backlog, List(Inet.SO.ReuseAddress(true)), None)

    case _: Http.Bound =>
      http = Some(sender())
      asker.foreach(_ ! true)

    case _: Http.CommandFailed =>
      asker.foreach(_ ! false)

    case _: Http.Connected =>
      val connection = sender()
      connection ! Http.Register(context.actorOf(Props(new Worker(connection, connections))))

    case Unbind =>
      // spray drops the connections of a listener some time after it is unbound; they are closed before that.
      asker = Some(sender())
      http.foreach(_ ! Http.Unbind(1.minute))

    case Http.Unbound =>
      asker.foreach(_ ! true)
  }
}
