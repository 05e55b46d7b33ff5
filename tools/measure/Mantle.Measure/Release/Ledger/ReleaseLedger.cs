using Mantle.Formats.Bytes;

namespace Mantle.Measure.Release.Ledger;

/// <summary>
/// The log of releases: a text of one entry a line, which only ever grows, and beside it a checkpoint that a key has signed. Reading checks the chain, the
/// numbering and that every event makes sense after those before it, so there is no ledger object of a ledger that is broken.
/// </summary>
public sealed class ReleaseLedger
{
    /// <summary>Behind the ledger's own file name, the name of its checkpoint's file.</summary>
    public const string CheckpointSuffix = ".checkpoint";

    private const string Format = "ledger";
    private const int MaximumSize = 64 << 20;

    private readonly List<LedgerEntry> _entries = [];
    private readonly List<byte[]> _lines = [];
    private readonly List<byte[]> _leaves = [];
    private readonly GrowingRoot _root = new();

    // By statement and by name: a ledger of many entries is still read in the time of one look at each.
    private readonly Dictionary<string, LedgerEntry> _states = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LedgerEntry> _newest = new(StringComparer.Ordinal);

    private ReleaseLedger(Checkpoint? checkpoint) => Checkpoint = checkpoint;

    /// <summary>A ledger without entries.</summary>
    public static ReleaseLedger Empty => new(null);

    /// <summary>The entries in order.</summary>
    public IReadOnlyList<LedgerEntry> Entries => _entries;

    /// <summary>The checkpoint that lay beside the text, or null. Neither its signature nor its root has been verified.</summary>
    public Checkpoint? Checkpoint { get; }

    /// <summary>The root over all entries, 32 bytes.</summary>
    public ReadOnlyMemory<byte> Root => _root.Root;

    /// <summary>Reads a ledger file and, where there is one, the checkpoint beside it.</summary>
    /// <exception cref="MalformedInputException">One of the two is malformed, or the chain is broken.</exception>
    /// <exception cref="UserErrorException">There is no such file.</exception>
    public static ReleaseLedger Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserErrorException($"ledger: \"{path}\" does not exist", "name the ledger's text; its checkpoint lies beside it", ExitCode.Environment);
        }

        string checkpoint = path + CheckpointSuffix;
        
        // A null array would become an empty checkpoint, and not none.
        ReadOnlyMemory<byte>? note = File.Exists(checkpoint) ? ReadFile(checkpoint) : default(ReadOnlyMemory<byte>?);
        return Read(ReadFile(path), note);
    }

    /// <summary>Reads a ledger.</summary>
    /// <param name="text">The entries, each with a newline behind it.</param>
    /// <param name="checkpoint">The checkpoint's file, or null.</param>
    /// <exception cref="MalformedInputException">One of the two is malformed, or the chain is broken.</exception>
    public static ReleaseLedger Read(ReadOnlyMemory<byte> text, ReadOnlyMemory<byte>? checkpoint)
    {
        ReleaseLedger ledger = new(checkpoint is { } note ? Ledger.Checkpoint.Read(note) : null);
        for (int at = 0; at < text.Length;)
        {
            int length = text.Span[at..].IndexOf((byte)'\n');
            if (length < 0)
            {
                throw new MalformedInputException(Format, at, "the last line has no newline: it was cut off");
            }

            ledger.Add(text.Slice(at, length), at);
            at += length + 1;
        }

        return ledger;
    }

    /// <summary>What has become of the release with this statement: its last event, or null when it was never released here.</summary>
    public LedgerEntry? StateOf(string statement) => _states.GetValueOrDefault(statement);

    /// <summary>The entry that released the statement, or null.</summary>
    public LedgerEntry? ReleaseOf(string statement) => _entries.Find(entry => entry.Statement == statement && entry.Event == LedgerEvent.Released);

    /// <summary>The highest minimum number that a release of the appliance has set, the revoked ones left out; 0: none has.</summary>
    public long MinimumNumberOf(string name) =>
        _entries.Where(entry => entry.Event == LedgerEvent.Released && entry.Name == name && StateOf(entry.Statement)!.Event != LedgerEvent.Revoked)
            .Select(entry => entry.MinimumNumber ?? 0).DefaultIfEmpty(0).Max();

    /// <summary>The ledger with an event more, and no checkpoint: whoever has the key signs <see cref="CheckpointText"/>.</summary>
    /// <param name="draft">The event; its index and its link to the entries before are set here.</param>
    /// <exception cref="UserErrorException">The event makes no sense after those before it.</exception>
    public ReleaseLedger Append(LedgerEntry draft)
    {
        ReleaseLedger longer = Read(ToArray(), null);
        byte[] line = (draft with { Index = _entries.Count, After = Convert.ToHexStringLower(_root.Root) }).ToArray();
        try
        {
            longer.Add(line, ToArray().Length);
            return longer;
        }
        catch (MalformedInputException e)
        {
            throw new UserErrorException($"ledger: {e.Problem}", "see what it says already: imagebuilder ledger show", ExitCode.Mismatch, e);
        }
    }

    /// <summary>The text that a checkpoint of this ledger signs.</summary>
    public string CheckpointText(string origin) => Ledger.Checkpoint.TextOf(origin, _entries.Count, _root.Root);

    /// <summary>The ledger's text.</summary>
    public byte[] ToArray() => [.. _lines.SelectMany(line => line.Append((byte)'\n'))];

    /// <summary>The root over the first entries.</summary>
    public byte[] RootAt(int size) => MerkleTree.Root(_leaves.GetRange(0, size).ToArray());

    /// <summary>The proof that an entry is under the checkpoint.</summary>
    /// <exception cref="UserErrorException">The checkpoint does not cover it, or there is none.</exception>
    public LedgerProof Prove(int index) =>
        Checkpoint is { } checkpoint && index >= 0 && index < checkpoint.Size && checkpoint.Size <= _leaves.Count
            ? new(index, MerkleTree.InclusionProof(_leaves.GetRange(0, (int)checkpoint.Size).ToArray(), index), checkpoint)
            : throw new UserErrorException($"ledger: no checkpoint covers entry {index}", "name an entry that \"ledger show\" lists, in a ledger with a checkpoint", ExitCode.Mismatch);

    /// <summary>The proof that the tree of the first entries is the beginning of the whole.</summary>
    public IReadOnlyList<byte[]> ProveConsistency(int oldSize) => MerkleTree.ConsistencyProof(_leaves.ToArray(), oldSize);

    private void Add(ReadOnlyMemory<byte> line, long offset)
    {
        LedgerEntry entry;
        try
        {
            entry = LedgerEntry.Read(line);
        }
        catch (MalformedInputException e)
        {
            throw new MalformedInputException(Format, offset + e.Offset, $"entry {_entries.Count}: {e.Problem}");
        }

        if (Problem(entry) is { } problem)
        {
            throw new MalformedInputException(Format, offset, $"entry {_entries.Count}: {problem}");
        }

        byte[] bytes = line.ToArray();
        byte[] leaf = MerkleTree.HashLeaf(bytes);
        _entries.Add(entry);
        _states[entry.Statement] = entry;
        if (entry.Event == LedgerEvent.Released)
        {
            _newest[entry.Name] = entry;
        }

        _lines.Add(bytes);
        _leaves.Add(leaf);
        _root.Add(leaf);
    }

    private string? Problem(LedgerEntry entry)
    {
        LedgerEntry? before = StateOf(entry.Statement);
        LedgerEntry? newest = _newest.GetValueOrDefault(entry.Name);
        return entry.Index != _entries.Count ? $"it says that it is entry {entry.Index}: entries before it were removed or added"
            : entry.After != Convert.ToHexStringLower(_root.Root) ? "it does not follow on the entries before it: one of them was changed"
            : _entries.Count > 0 && entry.Time < _entries[^1].Time ? "it is older than the entry before it"
            : entry.Event == LedgerEvent.Released
                ? before is not null ? $"{entry.Name} {entry.Number} was released already"
                : newest is not null && entry.Number <= newest.Number ? $"{entry.Name} {entry.Number} is not newer than {newest.Number}, which was released before"
                : entry.MinimumNumber > entry.Number ? "its minimum acceptable number is more than its own"
                : null
            : before is null ? $"{entry.Name} {entry.Number} was never released, so it cannot be {entry.EventName}"
            : before.Name != entry.Name || before.Number != entry.Number || before.Version != entry.Version ? $"the statement is that of {before.Name} {before.Number}, not {entry.Name} {entry.Number}"
            : before.Event >= entry.Event ? $"{entry.Name} {entry.Number} is {before.EventName} already"
            : null;
    }

    private static byte[] ReadFile(string path) => new FileInfo(path).Length <= MaximumSize
        ? File.ReadAllBytes(path)
        : throw new MalformedInputException(Format, 0, $"more than the {MaximumSize} bytes that a ledger can have");
}
