using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Tree;

/// <summary>
/// What the maintainer script of ca-certificates would have made: /etc/ssl/certs/ca-certificates.crt, all trusted certificates in one file,
/// in the order of their paths; or those of them that the recipe wants, for an appliance talks to few others. The hashed links beside it are not made; the programs of the appliance read the bundle.
/// </summary>
internal static class CertificateBundle
{
    private const string Certificates = "usr/share/ca-certificates";
    private const string Bundle = "etc/ssl/certs/ca-certificates.crt";

    public static void Add(FileTree tree, MaintainerScript declaration)
    {
        using MemoryStream bundle = new();
        (Glob Glob, Located<string> Pattern)[] wanted = [.. declaration.Certificates.Select(pattern => (new Glob(pattern.Value), pattern))];
        HashSet<Located<string>> met = [];
        if (tree.TryFind(Certificates, out FileNode? folder))
        {
            foreach ((string name, FileNode certificate) in folder.Children.Values.SelectMany(group => group.Children).Where(entry => entry.Key.EndsWith(".crt", StringComparison.Ordinal)))
            {
                Located<string>[] patterns = [.. wanted.Where(one => one.Glob.Matches(name)).Select(one => one.Pattern)];
                met.UnionWith(patterns);
                if (wanted.Length > 0 && patterns.Length == 0)
                {
                    continue;
                }

                byte[] bytes = certificate.Content.ToArray();
                bundle.Write(bytes);
                if (bytes is not [.., (byte)'\n'])
                {
                    bundle.WriteByte((byte)'\n');
                }
            }
        }

        foreach (Located<string> unmet in declaration.Certificates.Where(pattern => !met.Contains(pattern)))
        {
            throw new UserErrorException($"{unmet.Position}: \"{unmet.Value}\" matches no certificate below /{Certificates}", "correct or delete the line");
        }

        if (bundle.Length == 0)
        {
            throw new UserErrorException($"{declaration.Position}: effect \"ca-bundle\" found no certificate below /{Certificates}");
        }

        FileNode node = FileNode.Regular(ByteSource.FromMemory(bundle.ToArray()));
        node.Origin = declaration.Package;
        RootTree.Place(tree, Bundle, node, declaration.Position);
    }
}
