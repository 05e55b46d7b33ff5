using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mantle.Model;
using Mantle.Model.Trainer;

// train TEXT MODEL [BATCHES]: learns the sample's language model from a plain text. The same text gives the same bytes, on any machine.
const string Name = "mantle-austen-1";
if (args.Length is < 2 or > 3)
{
    Console.Error.WriteLine("usage: train TEXT MODEL [BATCHES]");
    return 1;
}

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
TrainingPlan plan = new() { Shape = new(Vocabulary: 1008, Embedding: 192, Hidden: 384) };
if (args.Length == 3)
{
    plan = plan with { Batches = int.Parse(args[2], CultureInfo.InvariantCulture) };
}

Stopwatch watch = Stopwatch.StartNew();
List<byte[]> paragraphs = Corpus.Paragraphs(File.ReadAllText(args[0], Encoding.UTF8));
Tokenizer tokenizer = new(PairEncoding.Learn(paragraphs, plan.Shape.Merges));
int[] tokens = Corpus.Encode(tokenizer, paragraphs);
Console.WriteLine($"text     {paragraphs.Count} paragraphs, {tokens.Length} tokens, {watch.Elapsed.TotalSeconds:0.0} s");

Training training = new(plan, tokens);
double mean = 0;
training.Run((batch, loss) =>
{
    mean += loss;
    if ((batch + 1) % 100 == 0)
    {
        Console.WriteLine($"train    {batch + 1} of {plan.Batches} batches, {mean / 100:0.000} nats a token, {watch.Elapsed.TotalSeconds:0.0} s");
        mean = 0;
    }
});

LanguageModel model = new(Name, tokenizer, training.Parameters);
Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(args[1]))!);
using (MemoryStream file = new())
{
    ModelFile.Write(model, file);

    // Never half a model under its name.
    string unfinished = args[1] + ".new";
    File.WriteAllBytes(unfinished, file.ToArray());
    File.Move(unfinished, args[1], overwrite: true);
    Console.WriteLine($"model    {args[1]}, {file.Length} bytes, sha256 {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file.ToArray()))}");
}

Console.WriteLine($"sample   {Sample.Write(model, "It is a truth", 100)}");
return 0;
