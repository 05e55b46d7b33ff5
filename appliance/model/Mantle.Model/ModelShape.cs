namespace Mantle.Model;

/// <summary>The sizes of a model and what follows from them.</summary>
/// <param name="Vocabulary">Tokens: the end of a text, 256 bytes, and one a merge.</param>
/// <param name="Embedding">Numbers that stand for a token at the input.</param>
/// <param name="Hidden">Numbers of the state.</param>
public sealed record ModelShape(int Vocabulary, int Embedding, int Hidden)
{
    /// <summary>Every size is a multiple of this, so that no vector of numbers has a rest, whatever the width of the machine's registers.</summary>
    public const int Granularity = 16;

    /// <summary>Tokens that are no merge: the end of a text and the bytes.</summary>
    public const int BaseTokens = 257;

    /// <summary>Greatest vocabulary: a token has to fit 16 bits, and a file its limit.</summary>
    public const int MaximumVocabulary = 8192;

    /// <summary>Greatest embedding and state.</summary>
    public const int MaximumWidth = 1024;

    /// <summary>Merges of the vocabulary.</summary>
    public int Merges => Vocabulary - BaseTokens;

    /// <summary>Gates of the cell times its state: reset, update, candidate.</summary>
    public int Gates => 3 * Hidden;

    /// <summary>Numbers in all tensors together.</summary>
    public int Parameters => OutputBiasOffset + Vocabulary;

    internal int InputOffset => Vocabulary * Embedding;

    internal int InputBiasOffset => InputOffset + (Embedding * Gates);

    internal int RecurrentOffset => InputBiasOffset + Gates;

    internal int CandidateBiasOffset => RecurrentOffset + (Hidden * Gates);

    internal int OutputOffset => CandidateBiasOffset + Hidden;

    internal int OutputBiasOffset => OutputOffset + (Hidden * Vocabulary);

    /// <summary>What is wrong with the sizes, or null.</summary>
    public string? Problem() =>
        Vocabulary is < BaseTokens + 1 or > MaximumVocabulary || Vocabulary % Granularity != 0 ? $"a vocabulary of {Vocabulary}"
        : Embedding is < 1 or > MaximumWidth || Embedding % Granularity != 0 ? $"an embedding of {Embedding}"
        : Hidden is < 1 or > MaximumWidth || Hidden % Granularity != 0 ? $"a state of {Hidden}"
        : null;
}
