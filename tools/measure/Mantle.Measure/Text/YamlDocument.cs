using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Mantle.Measure.Text;

/// <summary>Loads the one document of a declaration in YAML: a recipe, seal rules, waivers.</summary>
internal static class YamlDocument
{
    private const int MaximumDepth = 16;

    /// <summary>Reads a file as the text of a declaration.</summary>
    /// <param name="path">The file.</param>
    /// <param name="noun">What it is, with its article: <c>a recipe</c>.</param>
    /// <param name="maximumSize">The most bytes it may have.</param>
    /// <param name="hint">What to do when there is no such file.</param>
    /// <exception cref="UserErrorException">There is no such file, it is too long, or no UTF-8.</exception>
    public static string ReadText(string path, string noun, long maximumSize, string hint)
    {
        FileInfo file = new(path);
        string name = noun.Split(' ', 2)[^1];
        if (!file.Exists)
        {
            throw new UserErrorException(
                $"{name}: \"{path}\" {(Directory.Exists(path) ? "is a directory" : "does not exist")}", hint, ExitCode.Environment);
        }

        if (file.Length > maximumSize)
        {
            throw new UserErrorException($"{name}: \"{path}\" has {file.Length:N0} bytes; {noun} has at most {maximumSize:N0}");
        }

        try
        {
            return File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException)
        {
            throw new UserErrorException($"{path}:1:1: not UTF-8 text", $"save {name} as UTF-8");
        }
    }

    /// <summary>The root node of the one document in a text.</summary>
    /// <exception cref="UserErrorException">It is no such document; the message says where.</exception>
    public static YamlNode Load(string path, string text, string noun)
    {
        try
        {
            CheckStructure(path, text, noun);
            YamlStream stream = [];
            stream.Load(new StringReader(text));
            return stream.Documents.Count == 1
                ? stream.Documents[0].RootNode
                : throw new UserErrorException($"{path}:1:1: {noun} is one YAML document, this file has {stream.Documents.Count}");
        }
        catch (YamlException e)
        {
            throw YamlMap.RefuseAt(path, e.Start, FirstLine(e.InnerException is ArgumentException ? "duplicate key" : e.Message));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet 18.1 ends so on some unclosed flow sequences, and on "..." in the wrong place, without a place.
            throw new UserErrorException($"{path}:1:1: not YAML", "look for a bracket or quote that is not closed");
        }
    }

    /// <summary>
    /// Anchors and aliases make one line mean another; what is reviewed like code has none. Nesting is bounded because what reads the tree
    /// goes as deep as it.
    /// </summary>
    private static void CheckStructure(string path, string text, string noun)
    {
        Parser parser = new(new StringReader(text));
        for (int depth = 0; parser.MoveNext();)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > MaximumDepth)
            {
                throw YamlMap.RefuseAt(path, parser.Current.Start, $"nested more than {MaximumDepth} levels deep; no part of {noun} is");
            }

            if (parser.Current is AnchorAlias || parser.Current is NodeEvent { Anchor.IsEmpty: false })
            {
                throw YamlMap.RefuseAt(path, parser.Current.Start, $"anchors and aliases are not used in {noun}; write the value out");
            }
        }
    }

    private static string FirstLine(string text)
    {
        string line = text.Split('\n')[0].TrimEnd('.', '\r');
        return line.Length == 0 ? "not YAML" : char.ToLowerInvariant(line[0]) + line[1..];
    }
}
