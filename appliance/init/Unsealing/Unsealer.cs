using Mantle.Formats.Bytes;
using Mantle.Init.Configuration;

namespace Mantle.Init.Unsealing;

/// <summary>
/// The way to the secrets as a state machine without a clock and without a kernel: find the volumes, start the program, hand
/// it the sealed keys, take what it delivers, open the volumes. Whatever fails, everything is taken back and tried again
/// later. Once all is open the program stays as the attestation broker, and is started again whenever it ends.
/// </summary>
/// <param name="configuration">What is to be unsealed.</param>
/// <param name="host">Who does it.</param>
/// <param name="status">Told the stage.</param>
internal sealed class Unsealer(UnsealConfiguration configuration, IUnsealHost host, StageStatus status)
{
    /// <summary>How long the volumes have to appear, in milliseconds.</summary>
    internal const long SearchPatience = 10_000;

    /// <summary>How long the program has for one attempt, in milliseconds: its own time-outs are shorter, so beyond this it hangs.</summary>
    internal const long ProgramPatience = 120_000;

    /// <summary>A broker that ends sooner than this is started again later and later, in milliseconds.</summary>
    internal const long QuickEnd = 10_000;

    /// <summary>How long the channel of a program that has ended may stay open, in milliseconds.</summary>
    internal const long LastWords = 1000;

    private const long FirstPause = 1000;
    private const long LongestPause = 30_000;
    private const long Never = long.MaxValue;

    private State _state = State.Idle;
    private UnsealConversation _conversation = new(configuration);
    private byte _missing = StageCode.VolumeNotFound;
    private int _process;
    private int _attempts;
    private long _startedAt;
    private long _pause = FirstPause;

    private enum State
    {
        Idle,
        Searching,
        Unsealing,
        Pausing,
        Serving,
        Restarting,
        Failed,
    }

    /// <summary>When <see cref="OnDeadline"/> is to be called, in milliseconds of the caller's clock.</summary>
    internal long Deadline { get; private set; } = Never;

    /// <summary>The volumes are mounted and the secrets are there; it stays so.</summary>
    internal bool IsOpen => _state is State.Serving or State.Restarting;

    /// <summary>The last attempt has failed.</summary>
    internal bool HasFailed => _state == State.Failed;

    /// <summary>Whether new block devices matter now.</summary>
    internal bool IsSearching => _state == State.Searching;

    internal void Start(long now)
    {
        _attempts++;
        _state = State.Searching;
        status.Code = StageCode.VolumeSearch;
        Deadline = now + SearchPatience;
        Search(now);
    }

    /// <summary>Block devices have come or gone.</summary>
    internal void OnDevices(long now)
    {
        if (_state == State.Searching)
        {
            Search(now);
        }
    }

    /// <summary>The program has said something.</summary>
    internal void OnMessage(ReadOnlySpan<byte> datagram, long now)
    {
        if (_state == State.Unsealing)
        {
            Try(now, datagram, Hear);
        }
        else if (_state == State.Serving && !IsBrokersWord(datagram))
        {
            // It has nothing to deliver any more. What it says instead is not trusted to come from what was started.
            OnChannelEnd(now);
        }
    }

    /// <summary>The program has closed its end, or broken the rules: it is ended, and that is the end of the attempt or of the broker.</summary>
    internal void OnChannelEnd(long now)
    {
        if (_state == State.Unsealing)
        {
            Fail(status.Code, now);
        }
        else if (_state == State.Serving)
        {
            host.EndProgram();
            RestartLater(now);
        }
    }

    /// <summary>A process has ended; true if it was the program.</summary>
    internal bool OnProcessEnd(int process, long now)
    {
        if (process != _process || process == 0)
        {
            return false;
        }

        // What it said last may still be in the channel, and how it failed with it. The channel's own end follows.
        _process = 0;
        Deadline = Math.Min(Deadline, now + LastWords);
        return true;
    }

    internal void OnDeadline(long now)
    {
        switch (_state)
        {
            case State.Searching:
                Fail(_missing, now);
                break;
            case State.Unsealing or State.Serving:
                OnChannelEnd(now);
                break;
            case State.Pausing:
                Start(now);
                break;
            case State.Restarting:
                StartBroker(now);
                break;
        }
    }

    private void Search(long now) => Try(now, default, (_, at) =>
    {
        if (host.FindVolumes() is { } missing)
        {
            _missing = missing;
            return;
        }

        status.Code = StageCode.Unsealing;
        _process = host.Start();
        _startedAt = at;
        foreach (VolumeConfiguration volume in configuration.Volumes)
        {
            if (volume.Encrypted)
            {
                host.Send(UnsealMessage.Blob(volume.Name, host.BlobOf(volume).Span));
            }
        }

        host.Send(UnsealMessage.Go());
        _state = State.Unsealing;
        Deadline = at + ProgramPatience;
    });

    private void Hear(ReadOnlySpan<byte> datagram, long now)
    {
        UnsealMessage message = _conversation.Hear(datagram);
        switch (message.Kind)
        {
            case UnsealMessageKind.Stage:
                status.Code = message.Code;
                break;
            case UnsealMessageKind.File:
                host.Store(message.Name, message.Content, _conversation.IsFirst(message.Name));
                _conversation.Stored(message.Name, message.IsLast);
                break;
            case UnsealMessageKind.Done:
                OpenVolumes();
                break;
        }
    }

    private void OpenVolumes()
    {
        status.Code = StageCode.VolumeOpening;
        foreach (VolumeConfiguration volume in configuration.Volumes)
        {
            host.Open(volume, volume.Encrypted ? _conversation.KeyOf(volume.Name) : default);
        }

        host.CloseSecrets();
        _conversation.Forget();
        _state = State.Serving;
        Deadline = Never;
        _pause = FirstPause;
    }

    private void StartBroker(long now)
    {
        Deadline = Never;
        try
        {
            _startedAt = now;
            _process = host.Start();
            host.Send(UnsealMessage.AttestOnly());
            _state = State.Serving;
        }
#pragma warning disable CA1031 // whatever it was, there is no broker; the next start may have more luck
        catch (Exception)
        {
            host.EndProgram();
            RestartLater(now);
        }
#pragma warning restore CA1031
    }

    private void RestartLater(long now)
    {
        _process = 0;
        _pause = now - _startedAt < QuickEnd ? Math.Min(_pause * 2, LongestPause) : FirstPause;
        _state = State.Restarting;
        Deadline = now + _pause;
    }

    /// <summary>A stage of the way. The code of a failure is the exception's own, else that of the work in hand.</summary>
    private void Try(long now, ReadOnlySpan<byte> datagram, Stage stage)
    {
        try
        {
            stage(datagram, now);
        }
        catch (StageException problem)
        {
            Fail(problem.Code, now);
        }
        catch (MalformedInputException)
        {
            Fail(StageCode.Unsealing, now);
        }
#pragma warning disable CA1031 // an attempt that fails, however it does, is an attempt that failed
        catch (Exception)
        {
            Fail(status.Code, now);
        }
#pragma warning restore CA1031
    }

    private void Fail(byte code, long now)
    {
        status.Code = code;
        _process = 0;
        host.Undo();
        _conversation.Forget();
        _conversation = new UnsealConversation(configuration);
        bool isLast = _attempts >= configuration.Attempts;
        _state = isLast ? State.Failed : State.Pausing;
        Deadline = isLast ? Never : now + Math.Min(FirstPause << Math.Min(_attempts - 1, 10), LongestPause);
    }

    /// <summary>A broker says "done" when it listens, and stages on the way there.</summary>
    private static bool IsBrokersWord(ReadOnlySpan<byte> datagram)
    {
        try
        {
            return UnsealMessage.Read(datagram).Kind is UnsealMessageKind.Stage or UnsealMessageKind.Done;
        }
        catch (MalformedInputException)
        {
            return false;
        }
    }

    private delegate void Stage(ReadOnlySpan<byte> datagram, long now);
}
