namespace Mantle.Model;

/// <summary>A model as its file has it.</summary>
/// <param name="Name">Its name, as clients see it.</param>
/// <param name="Tokenizer">What makes tokens of text.</param>
/// <param name="Parameters">Its numbers.</param>
public sealed record LanguageModel(string Name, Tokenizer Tokenizer, ModelParameters Parameters);
