using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>
/// A transcript of a terminal session that must come true. One command a line, <c>#</c> for comments, quotes as in a shell, <c>$WORK</c> and
/// <c>$MIRROR</c> for the working folder and the archive; behind <c>-- name --</c> the content of a file that is there at the start.
/// <code>
/// tiny                   the files of a small appliance and its archive
/// run TOOL ARGUMENT...   must succeed;  ! run: must fail;  exit N: with this code
/// stdout REGEX           the last run's output has a match;  ! stdout: has none;  stderr likewise
/// json                   the last run's output is a JSON object with a version
/// cmp A B, exists PATH..., ! exists PATH...
/// key PATH rsa|p256|ed25519   a private key, made now
/// cp A B, rm PATH, mkdir PATH, link TARGET PATH, truncate PATH LENGTH, flip PATH OFFSET, replace PATH OLD NEW
/// </code>
/// </summary>
internal sealed partial class TerminalScript : IDisposable
{
    private readonly TemporaryFolder _work = new();
    private ToolResult _last = new(0, "", "");

    public static void Run(string path)
    {
        using TerminalScript script = new();
        string[] lines = File.ReadAllLines(path);
        int end = script.ExtractFiles(lines);
        for (int i = 0; i < end; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            try
            {
                script.Execute(line);
            }
            catch (Exception problem)
            {
                throw new InvalidOperationException(
                    $"{Path.GetFileName(path)}:{i + 1}: {line}\n{problem.Message}\nexit code {script._last.ExitCode}\nstdout: {script._last.Output}\nstderr: {script._last.Error}", problem);
            }
        }
    }

    public void Dispose() => _work.Dispose();

    private int ExtractFiles(string[] lines)
    {
        int end = Array.FindIndex(lines, line => FileMark().IsMatch(line));
        end = end < 0 ? lines.Length : end;
        for (int i = end; i < lines.Length;)
        {
            string path = PathOf(FileMark().Match(lines[i]).Groups[1].Value);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            StringBuilder content = new();
            for (i++; i < lines.Length && !FileMark().IsMatch(lines[i]); i++)
            {
                content.Append(lines[i]).Append('\n');
            }

            File.WriteAllText(path, content.ToString());
        }

        return end;
    }

    private void Execute(string line)
    {
        List<string> words = Words(line);
        bool negated = words[0] == "!";
        if (negated)
        {
            words.RemoveAt(0);
        }

        string[] arguments = [.. words.Skip(1).Select(word => word.Replace("$WORK", _work.Root, StringComparison.Ordinal)
            .Replace("$MIRROR", TinyAppliance.Mirror(_work.Root), StringComparison.Ordinal))];
        switch (words[0])
        {
            case "run":
                _last = Tool.Run(_work.Root, arguments[0], arguments[1..]);
                Assert.True(negated == (_last.ExitCode != 0), $"exit code {_last.ExitCode}");
                TinyAppliance.AssertNoLeftovers(_work.Root);
                break;
            case "exit":
                Assert.Equal(int.Parse(arguments[0]), _last.ExitCode);
                break;
            case "stdout":
                Assert.Equal(!negated, Regex.IsMatch(_last.Output, arguments[0], RegexOptions.Multiline));
                break;
            case "stderr":
                Assert.Equal(!negated, Regex.IsMatch(_last.Error, arguments[0], RegexOptions.Multiline));
                break;
            case "json":
                using (JsonDocument document = JsonDocument.Parse(_last.Output))
                {
                    Assert.Equal(JsonValueKind.Number, document.RootElement.GetProperty("version").ValueKind);
                }

                break;
            case "exists":
                Assert.All(arguments, path => Assert.Equal(!negated, Path.Exists(PathOf(path))));
                break;
            case "cmp":
                Assert.Equal(negated, !File.ReadAllBytes(PathOf(arguments[0])).AsSpan().SequenceEqual(File.ReadAllBytes(PathOf(arguments[1]))));
                break;
            default:
                Change(words[0], arguments);
                break;
        }
    }

    private void Change(string command, string[] arguments)
    {
        string path = arguments.Length == 0 ? _work.Root : PathOf(arguments[0]);
        switch (command)
        {
            case "tiny":
                TinyAppliance.Write(_work.Root);
                break;
            case "key":
                Oracle.Succeed("openssl", ["genpkey", "-out", path, .. arguments[1] switch
                {
                    "rsa" => ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
                    "p256" => ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                    _ => new[] { "-algorithm", "ED25519" },
                }]);
                break;
            case "cp":
                File.Copy(path, PathOf(arguments[1]), overwrite: true);
                break;
            case "rm":
                File.Delete(path);
                break;
            case "mkdir":
                Directory.CreateDirectory(path);
                break;
            case "link":
                File.CreateSymbolicLink(PathOf(arguments[1]), arguments[0]);
                break;
            case "truncate":
                using (FileStream file = new(path, FileMode.Open))
                {
                    file.SetLength(long.Parse(arguments[1]));
                }

                break;
            case "flip":
                using (FileStream file = new(path, FileMode.Open))
                {
                    file.Position = long.Parse(arguments[1]);
                    int flipped = file.ReadByte() ^ 1;
                    file.Position--;
                    file.WriteByte((byte)flipped);
                }

                break;
            case "replace":
                string text = File.ReadAllText(path);
                Assert.Contains(arguments[1], text, StringComparison.Ordinal);
                File.WriteAllText(path, text.Replace(arguments[1], arguments[2], StringComparison.Ordinal));
                break;
            default:
                throw new InvalidOperationException($"unknown command \"{command}\"");
        }
    }

    private string PathOf(string path) => Path.Combine(_work.Root, path);

    /// <summary>Words as a shell splits them: blanks separate, quotes of both kinds join.</summary>
    private static List<string> Words(string line) =>
        [.. Word().Matches(line).Select(match => string.Concat(match.Groups[1].Captures.Select(piece => piece.Value is ['\'' or '"', .. var inner, _] ? inner : piece.Value)))];

    [GeneratedRegex("^-- (\\S+) --$")]
    private static partial Regex FileMark();

    [GeneratedRegex("('[^']*'|\"[^\"]*\"|[^\\s'\"]+)+")]
    private static partial Regex Word();
}
