using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mantle.Emulator.Machine;

/// <summary>QEMU's machine protocol (QMP): commands one at a time, events as they come.</summary>
internal sealed class MachineMonitor : IDisposable
{
    private static readonly TimeSpan s_answerTimeout = TimeSpan.FromSeconds(60);

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Lock _commandLock = new();
    private readonly SemaphoreSlim _answered = new(0);
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<string, JsonObject> _onEvent;
    private readonly Thread _thread;
    private Socket? _socket;
    private StreamWriter? _writer;
    private JsonObject? _answer;
    private volatile bool _isClosed;

    public MachineMonitor(string path, Action<string, JsonObject> onEvent)
    {
        _onEvent = onEvent;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
        _thread = new(Receive) { IsBackground = true, Name = "qmp" };
        _thread.Start();
    }

    /// <summary>Completes when QEMU has connected and takes commands.</summary>
    public Task Connected => _connected.Task;

    /// <summary>Runs a command and returns what it answers.</summary>
    public JsonNode? Execute(string command, JsonObject? arguments = null)
    {
        lock (_commandLock)
        {
            JsonObject request = new() { ["execute"] = command };
            if (arguments is not null)
            {
                request["arguments"] = arguments;
            }

            try
            {
                _writer!.Write(request.ToJsonString() + "\n");
                _writer.Flush();
            }
            catch (IOException exception)
            {
                throw new EmulatorException($"qemu took no command \"{command}\"", exception);
            }

            if (!_answered.Wait(s_answerTimeout) || _answer is null)
            {
                throw new EmulatorException($"qemu did not answer \"{command}\"");
            }

            JsonObject answer = _answer;
            _answer = null;
            return answer.ContainsKey("error") ? throw new EmulatorException($"{command}: {answer["error"]!["desc"]}") : answer["return"];
        }
    }

    public void Dispose()
    {
        _isClosed = true;
        _listener.Dispose();
        _socket?.Dispose();
        _thread.Join();
        _writer?.Dispose();
        _answered.Dispose();
    }

    private void Receive()
    {
        try
        {
            _socket = _listener.Accept();
            using NetworkStream stream = new(_socket);
            using StreamReader reader = new(stream);
            _writer = new(stream);
            while (reader.ReadLine() is string line)
            {
                Handle((JsonObject)JsonNode.Parse(line)!);
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException or JsonException)
        {
            _connected.TrySetException(exception);
        }

        // A command that waits now waits in vain.
        if (!_isClosed)
        {
            _answered.Release();
        }
    }

    private void Handle(JsonObject message)
    {
        if (message.ContainsKey("QMP"))
        {
            _writer!.Write("{\"execute\":\"qmp_capabilities\"}\n");
            _writer.Flush();
        }
        else if (message["event"] is JsonNode name)
        {
            _onEvent(name.GetValue<string>(), message);
        }
        else if (!_connected.Task.IsCompleted)
        {
            _connected.TrySetResult();
        }
        else
        {
            _answer = message;
            _answered.Release();
        }
    }
}
