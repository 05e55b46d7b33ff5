using System.Collections.Concurrent;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm.Nitro;

/// <summary>
/// Makes a NitroTPM of a swtpm: AWS's vendor command, NV indexes of 8 KiB, documents about the registers that swtpm really holds. Indexes, the endorsement key, and
/// sessions that are salted to it live here; everything else is swtpm's. State lasts as long as the object: a power cycle of the machine does not clear it, as it does
/// not clear NV memory.
/// </summary>
public sealed partial class NitroTpm : ITpmInterceptor, IDisposable
{
    private const uint Owner = 0x40000001, Null = 0x40000007;

    private readonly NitroTpmOptions _options;
    private readonly SortedDictionary<uint, VirtualIndex> _indexes = [];
    private readonly SortedDictionary<uint, VirtualSession> _sessions = [];
    private readonly VirtualEndorsementKey _endorsement = new();
    private readonly ConcurrentQueue<NitroCommand> _commands = new();
    private readonly ConcurrentQueue<byte[]> _documents = new();
    private readonly ConcurrentQueue<DateTimeOffset> _documentTimes = new();

    public NitroTpm(NitroTpmOptions options)
    {
        _options = options;
        foreach (uint handle in options.StaleIndexes)
        {
            byte[] definition = new TpmWriter().Sized("left over"u8).UInt16(14).UInt32(handle).UInt16(0x000b).UInt32(0x00040004).UInt16(0).UInt16(VirtualIndex.MaximumSize).ToArray();
            _indexes.Add(handle, VirtualIndex.Define(definition)!);
        }
    }

    /// <summary>What is to go wrong.</summary>
    public NitroTpmFaults Faults { get; } = new();

    /// <summary>Every command that was answered here, by a fault too.</summary>
    public IReadOnlyList<NitroCommand> Commands => [.. _commands];

    /// <summary>Every document that was made.</summary>
    public IReadOnlyList<byte[]> Documents => [.. _documents];

    /// <summary>When each of them was.</summary>
    public IReadOnlyList<DateTimeOffset> DocumentTimes => [.. _documentTimes];

    /// <summary>The NV indexes, loaded sessions, transient and persistent keys that are held here: none when clients have tidied up.</summary>
    public IReadOnlyList<uint> Held =>
    [
        .. _indexes.Keys, .. _sessions.Where(session => !session.Value.IsShadow).Select(session => session.Key), .. _endorsement.Persistent.Order(), .. _endorsement.IsLoaded ? [VirtualEndorsementKey.TransientHandle] : Array.Empty<uint>(),
    ];

    /// <inheritdoc/>
    public ReadOnlyMemory<byte>? Intercept(TpmCommand command, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit)
    {
        NitroCommand code = (NitroCommand)command.Code;
        if (!Enum.IsDefined(code))
        {
            return null;
        }

        try
        {
            Func<byte[]?>? answer = Route(code, command, transmit);
            if (answer is null)
            {
                return null;
            }

            NitroTpmFault? fault = Faults.Take(code);
            Thread.Sleep(fault?.Delay ?? TimeSpan.Zero);
            if (fault is { Code: { } refusal, IsAfter: false })
            {
                _commands.Enqueue(code);
                return TpmResponse.WriteError(refusal);
            }

            if (answer() is not { } response)
            {
                return null;
            }

            _commands.Enqueue(code);
            return fault is { Code: { } late } ? TpmResponse.WriteError(late) : fault?.Rewrite?.Invoke(response) ?? response;
        }
        catch (NitroRefusedException refused)
        {
            _commands.Enqueue(code);
            return TpmResponse.WriteError(refused.Code);
        }
        catch (MalformedInputException)
        {
            return TpmResponse.WriteError(NitroCode.CommandSize);
        }
    }

    public void Dispose() => _endorsement.Dispose();

    /// <summary>What answers the command; null if it is none of this object's things.</summary>
    private Func<byte[]?>? Route(NitroCommand code, TpmCommand command, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> transmit) => code switch
    {
        NitroCommand.GetCapability => () => AnswerCapability(command, transmit),
        NitroCommand.NsmRequest => () => Execute(command, 2, 1, (parsed, _) => RequestDocument(parsed.Handles, transmit)),
        NitroCommand.NvDefineSpace => () => DefineSpace(command),
        NitroCommand.NvUndefineSpace when IsIndex(command.Handle(1)) => () => Execute(command, 2, 1, (parsed, _) => Undefine(parsed)),
        NitroCommand.NvWrite when IsIndex(command.Handle(1)) => () => Execute(command, 2, 1, WriteIndex),
        NitroCommand.NvRead when IsIndex(command.Handle(1)) => () => Execute(command, 2, 1, ReadIndex),
        NitroCommand.NvReadPublic when IsIndex(command.Handle(0)) =>
            () => Execute(command, 1, 0, (parsed, response) => response.Sized(_indexes[parsed.Handles[0]].Public()).Sized(_indexes[parsed.Handles[0]].Name())),
        NitroCommand.CreatePrimary => () => CreatePrimary(command),
        NitroCommand.ReadPublic when _endorsement.Has(command.Handle(0)) =>
            () => Execute(command, 1, 0, (_, response) => response.Sized(_endorsement.Public!).Sized(_endorsement.Name()).Sized(_endorsement.Name())),
        NitroCommand.EvictControl when _endorsement.Has(command.Handle(1)) => () => Execute(command, 2, 1, (parsed, _) => Evict(parsed)),
        NitroCommand.StartAuthSession when _endorsement.Has(command.Handle(0)) => () => StartSession(command),
        NitroCommand.StartAuthSession when command.Handle(0) == Null && command.Handle(1) == Null => () => ShadowSession(command, transmit),
        NitroCommand.FlushContext when _sessions.GetValueOrDefault(command.Handle(0)) is { IsShadow: true } => () => FlushShadow(command, transmit),
        NitroCommand.FlushContext when _sessions.ContainsKey(command.Handle(0)) || command.Handle(0) == VirtualEndorsementKey.TransientHandle =>
            () => Execute(command, 1, 0, (parsed, _) => Flush(parsed.Handles[0])),
        NitroCommand.ContextSave when _sessions.GetValueOrDefault(command.Handle(0)) is { IsShadow: false } || command.Handle(0) == VirtualEndorsementKey.TransientHandle =>
            () => Execute(command, 1, 0, (parsed, response) => SaveContext(parsed.Handles[0], response)),
        NitroCommand.ContextLoad when SavedHandle(command) is { } saved => () => LoadContext(saved),
        _ => null,
    };

    /// <summary>AWS's own range is as good as any other; what is not defined here may be swtpm's.</summary>
    private bool IsIndex(uint handle) => _indexes.ContainsKey(handle);

    private byte[] Name(uint handle) =>
        _indexes.TryGetValue(handle, out VirtualIndex? index) ? index.Name()
        : _endorsement.Has(handle) ? _endorsement.Name()
        : new TpmWriter().UInt32(handle).ToArray();
}
