namespace Mantle.Formats.Verity;

/// <summary>A block whose digest is not the one that the level above, or the root hash, has for it.</summary>
/// <param name="Level">Level of the hash block, 0 for the lowest; null for a data block.</param>
/// <param name="Block">Number of the block within its level, or within the data.</param>
public readonly record struct VerityCorruption(int? Level, long Block)
{
    /// <summary>The block in words, as messages have it.</summary>
    public override string ToString() => Level is { } level ? $"hash level {level} block {Block}" : $"data block {Block}";
}
