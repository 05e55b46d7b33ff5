using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Tree;

/// <summary>
/// What the maintainer script of ca-certificates would have made: /etc/ssl/certs/ca-certificates.crt, all trusted certificates in one file,
/// in the order of their paths. The hashed links beside it are not made; the programs of the appliance read the bundle.
/// </summary>
internal static class CertificateBundle
{
    private const string Certificates = "usr/share/ca-certificates";
    private const string Bundle = "etc/ssl/certs/ca-certificates.crt";

    public static void Add(FileTree tree, MaintainerScript declaration)
    {
        using MemoryStream bundle = new();
        if (tree.TryFind(Certificates, out FileNode? folder))
        {
            foreach (FileNode certificate in folder.Children.Values.SelectMany(group => group.Children)
                .Where(entry => entry.Key.EndsWith(".crt", StringComparison.Ordinal)).Select(entry => entry.Value))
            {
                byte[] bytes = certificate.Content.ToArray();
                bundle.Write(bytes);
                if (bytes is not [.., (byte)'\n'])
                {
                    bundle.WriteByte((byte)'\n');
                }
            }
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
