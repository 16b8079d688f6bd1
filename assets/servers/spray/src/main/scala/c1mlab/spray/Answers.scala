package c1mlab.spray

import scala.collection.mutable

object Answers {
  /** The answer to the publisher's message of this number. */
  final case class Known(number: Int, text: String)
}

/** The answers of one publisher. Its broadcasts end in any order: an answer that is known early waits for those before it. */
final class Answers {
  private var asked = 0
  private var given = 0
  private val early = mutable.HashMap.empty[Int, String]

  def nextNumber(): Int = {
    asked += 1
    asked - 1
  }

  def known(answer: Answers.Known)(give: String => Unit): Unit = {
    early(answer.number) = answer.text
    var next = early.remove(given)
    while (next.isDefined) {
      next.foreach(give)
      given += 1
      next = early.remove(given)
    }
  }
}
