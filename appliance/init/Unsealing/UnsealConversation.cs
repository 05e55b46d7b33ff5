using Mantle.Formats.Bytes;
using Mantle.Init.Configuration;

namespace Mantle.Init.Unsealing;

/// <summary>
/// What may be said when: each encrypted volume's key once, each file once and whole, then "done". The program on the other
/// side talks to the network; whatever it has become, it can deliver what the configuration names and nothing else.
/// </summary>
/// <param name="configuration">What is to be unsealed.</param>
internal sealed class UnsealConversation(UnsealConfiguration configuration)
{
    private const string Format = "unseal message";

    // Pinned: the garbage collector would leave copies where it moved them from.
    private readonly Dictionary<string, byte[]> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _begun = new(StringComparer.Ordinal);
    private readonly HashSet<string> _whole = new(StringComparer.Ordinal);

    /// <summary>"Done" has been said, rightly.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>A volume's key.</summary>
    internal ReadOnlySpan<byte> KeyOf(string volume) => _keys[volume];

    /// <summary>Reads and checks the next datagram, and keeps the key if it is one.</summary>
    /// <exception cref="MalformedInputException">It is no message, or not one that may come now.</exception>
    internal UnsealMessage Hear(ReadOnlySpan<byte> datagram)
    {
        UnsealMessage message = UnsealMessage.Read(datagram);
        string name = message.Name;
        switch (message.Kind)
        {
            case UnsealMessageKind.Stage:
                Require(message.Code is StageCode.Configuration or (>= StageCode.FirstOfProgram and <= StageCode.LastOfProgram), "stage code is not the program's");
                break;
            case UnsealMessageKind.Key:
                Require(!IsDone && configuration.Volumes.Any(volume => volume.Encrypted && volume.Name == name), "key is for no encrypted volume");
                byte[] key = GC.AllocateUninitializedArray<byte>(UnsealMessage.KeyLength, pinned: true);
                message.Content.CopyTo(key);
                Require(_keys.TryAdd(name, key), "key comes twice");
                break;
            case UnsealMessageKind.File:
                Require(!IsDone && configuration.Files.Any(file => file.Name == name), "file is none of the configuration's");
                Require(!_whole.Contains(name), "file comes twice");
                break;
            default:
                Require(!IsDone, "\"done\" comes twice");
                Require(
                    configuration.Volumes.All(volume => !volume.Encrypted || _keys.ContainsKey(volume.Name)) && configuration.Files.All(file => _whole.Contains(file.Name)),
                    "\"done\" comes before everything has");
                IsDone = true;
                break;
        }

        return message;
    }

    /// <summary>Notes that a piece of a file has been stored; true for the file's first.</summary>
    internal bool Stored(string name, bool isLast)
    {
        if (isLast)
        {
            _whole.Add(name);
        }

        return _begun.Add(name);
    }

    /// <summary>Whether the file's first piece is still to come.</summary>
    internal bool IsFirst(string name) => !_begun.Contains(name);

    /// <summary>Overwrites the keys.</summary>
    internal void Forget()
    {
        foreach (byte[] key in _keys.Values)
        {
            Array.Clear(key);
        }

        _keys.Clear();
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new MalformedInputException(Format, 0, problem);
        }
    }
}
