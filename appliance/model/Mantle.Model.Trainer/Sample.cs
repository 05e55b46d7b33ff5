using System.Text;

namespace Mantle.Model.Trainer;

/// <summary>A few words of a model, to see whether it has learnt any.</summary>
internal static class Sample
{
    /// <summary>Continues a text.</summary>
    public static string Write(LanguageModel model, string beginning, int tokens)
    {
        Generator generator = new(model);
        generator.Read(Tokenizer.End);
        foreach (int token in model.Tokenizer.Encode(Encoding.UTF8.GetBytes(beginning)))
        {
            generator.Read(token);
        }

        SequenceOfNumbers numbers = new(1);
        Sampler sampler = new(0.7, 0.9, () => (numbers.Next() + 1) / 2);
        List<byte> text = [.. Encoding.UTF8.GetBytes(beginning)];
        for (int i = 0; i < tokens && sampler.Choose(generator.Predict(), mayEnd: i > 8) is not Tokenizer.End and int token; i++)
        {
            text.AddRange(model.Tokenizer.Bytes(token));
            generator.Read(token);
        }

        return Encoding.UTF8.GetString([.. text]);
    }
}
