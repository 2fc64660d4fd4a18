import { useState } from "react";
import { createRoot } from "react-dom/client";
import { useStream } from "@langchain/langgraph-sdk/react";

// As little as a chat needs: what useStream tells is shown, what it offers is a button. The server, key and graph stand in the address.
const settings = new URLSearchParams(location.search);
const threadKey = "thread";

function Chat() {
  const [threadId, setThreadId] = useState(sessionStorage.getItem(threadKey));
  const [failure, setFailure] = useState("");
  const stream = useStream({
    apiUrl: settings.get("server"),
    apiKey: settings.get("key") ?? undefined,
    assistantId: settings.get("graph"),
    messagesKey: "messages",
    threadId,
    reconnectOnMount: true,
    fetchStateHistory: true,
    onThreadId: (id) => {
      sessionStorage.setItem(threadKey, id);
      setThreadId(id);
    },
    onError: (error) => setFailure(String(error?.message ?? error)),
  });
  const say = (content) => ({ messages: [{ type: "human", content }] });
  const first = stream.messages[0];
  const fork = () => {
    const checkpoint = stream.getMessagesMetadata(first)?.firstSeenState?.parent_checkpoint;
    void stream.submit(say("another"), { checkpoint, streamResumable: true });
  };
  return (
    <main>
      <ol id="messages">
        {stream.messages.map((message) => (
          <li key={message.id} data-type={message.type}>
            {typeof message.content === "string" ? message.content : JSON.stringify(message.content)}
          </li>
        ))}
      </ol>
      <p id="loading">{String(stream.isLoading)}</p>
      <p id="interrupt">{stream.interrupt === undefined ? "" : JSON.stringify(stream.interrupt.value)}</p>
      <p id="failure">{failure}</p>
      <p id="history">{stream.history.length}</p>
      <p id="branches">{first === undefined ? "" : (stream.getMessagesMetadata(first)?.branchOptions?.length ?? 0)}</p>
      <button type="button" id="submit" onClick={() => stream.submit(say("Hi"), { streamResumable: true })}>
        submit
      </button>
      <button type="button" id="resume" onClick={() => stream.submit(undefined, { command: { resume: "yes" } })}>
        resume
      </button>
      <button type="button" id="stop" onClick={() => stream.stop()}>
        stop
      </button>
      <button type="button" id="fork" onClick={fork}>
        fork
      </button>
    </main>
  );
}

createRoot(document.getElementById("root")).render(<Chat />);
