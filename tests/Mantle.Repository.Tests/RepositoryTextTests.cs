using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Mantle.Repository.Tests;

/// <summary>What must be true of the text in the repository as a whole.</summary>
public partial class RepositoryTextTests
{
    private static readonly string[] s_files = TrackedFiles();

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        foreach (string file in s_files.Where(f => f.EndsWith(".md", StringComparison.Ordinal)))
        {
            foreach (Match link in Link().Matches(File.ReadAllText(file)))
            {
                string target = link.Groups[1].Value.Split('#')[0];
                if (target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
                {
                    Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(file)!, target)), $"{file}: {target}");
                }
            }
        }
    }

    [Fact]
    public void Make_targets_that_documents_show_exist()
    {
        string makefile = File.ReadAllText(Testing.Repository.PathOf("Makefile"));
        foreach (string file in s_files.Where(f => f.EndsWith(".md", StringComparison.Ordinal)))
        {
            foreach (Match target in MakeTarget().Matches(File.ReadAllText(file)))
            {
                Assert.Contains($"\n{target.Groups[1].Value}:", makefile, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void No_private_key_is_kept()
    {
        string mark = "PRIVATE" + " KEY-----";
        Assert.DoesNotContain(s_files, file => File.ReadAllText(file).Contains(mark, StringComparison.Ordinal));
    }

    private static string[] TrackedFiles()
    {
        using Process git = Process.Start(new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Testing.Repository.Root,
            RedirectStandardOutput = true,
        })!;
        string[] names = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        return [.. names.Select(name => Testing.Repository.PathOf(name)).Where(File.Exists)];
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?m)(?:^|[`$] ?)make ([a-z]+)")]
    private static partial Regex MakeTarget();
}
