using System.Text;
using Mantle.Model;
using Mantle.Model.Trainer;

namespace Mantle.Service.Tests.Training;

/// <summary>A model of the smallest sizes that the trainer takes, for a text of a few sentences.</summary>
internal static class TinyModel
{
    public const string Name = "tiny-1";

    public const string Text = """
        The heath was wide, and the road over it was long. Nobody had gone that way since the morning; nobody would go there before night.

        "Where is the bridge?" asked the boy. "There was a bridge here, and a mill by the bridge, and an old man who kept the mill."

        The old man had kept the mill for longer than the boy had lived. He kept it still, but the bridge was gone, and nobody came to the mill any more.
        """;

    public static TrainingPlan Plan { get; } = new() { Shape = new(288, 48, 48), Texts = 4, Steps = 12, Batches = 60, Rate = 1e-2f };

    public static List<byte[]> Paragraphs { get; } = Corpus.Paragraphs(Text);

    public static Tokenizer Tokenizer { get; } = new(PairEncoding.Learn(Paragraphs, Plan.Shape.Merges));

    public static int[] Tokens { get; } = Corpus.Encode(Tokenizer, Paragraphs);

    /// <summary>With numbers as they are before training: what it writes is noise, which is as good to a test.</summary>
    public static LanguageModel Untrained { get; } = new(Name, Tokenizer, Mantle.Model.Trainer.Training.InitialParameters(Plan.Shape, 7));

    public static byte[] File(LanguageModel model)
    {
        using MemoryStream stream = new();
        ModelFile.Write(model, stream);
        return stream.ToArray();
    }

    public static LanguageModel Read(byte[] file)
    {
        using MemoryStream stream = new(file);
        return ModelFile.Read(stream, file.Length);
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
