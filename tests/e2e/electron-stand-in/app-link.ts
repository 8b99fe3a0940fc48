/** The app's end of the link: answers the screen's questions. */
import type { QuestionName, ScreenQuestions, ToApp, ToScreen } from './link.ts';

type Answerer<Name extends QuestionName> = (
  ask: ScreenQuestions[Name]['ask'],
) => Promise<ScreenQuestions[Name]['answer']> | ScreenQuestions[Name]['answer'];

const answerers = new Map<QuestionName, (ask: never) => unknown>();

export function answerTo<Name extends QuestionName>(question: Name, answerer: Answerer<Name>): void {
  answerers.set(question, answerer);
}

export function tellScreen(message: ToScreen): void {
  // Gone with the test that started this process.
  if (process.connected) process.send?.(message);
}

process.on('message', ({ question, id, ask }: ToApp) => {
  const answer = async (): Promise<unknown> => {
    const answerer = answerers.get(question);
    if (!answerer) throw new Error(`the app does nothing that answers ${question}`);
    return answerer(ask as never);
  };
  answer().then(
    (value) => tellScreen({ answerTo: id, value }),
    (error: unknown) => tellScreen({ answerTo: id, error: String(error) }),
  );
});
// A test that was killed leaves no app behind.
process.on('disconnect', () => process.exit(0));
