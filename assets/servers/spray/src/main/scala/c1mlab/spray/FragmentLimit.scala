package c1mlab.spray

import akka.io.Tcp
import spray.can.websocket.{ FrameCommand, FrameInEvent }
import spray.can.websocket.frame.{ CloseFrame, DataFrame, StatusCode }
import spray.io.{ PipelineContext, PipelineStage, Pipelines }

/** Bounds a message while its fragments arrive: spray-websocket's FrameComposing, the next stage, looks at it when it is whole. */
object FragmentLimit {
  def apply(maxMessageBytes: Int): PipelineStage = new PipelineStage {
    def apply(context: PipelineContext, commandPL: CPL, eventPL: EPL): Pipelines = new Pipelines {
      private var messageBytes = 0

      val commandPipeline: CPL = commandPL

      val eventPipeline: EPL = {
        case event @ FrameInEvent(DataFrame(isFinal, _, payload)) =>
          messageBytes += payload.length
          if (messageBytes > maxMessageBytes) commandPL(FrameCommand(CloseFrame(StatusCode.MessageTooBig)))
          else eventPL(event)
          if (isFinal) messageBytes = 0

        case event: Tcp.Event => eventPL(event)
      }
    }
  }
}
