using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;
using Mantle.ImageBuilder.Recipes;

namespace Mantle.ImageBuilder.Tree;

/// <summary>/etc/passwd and /etc/group. No account has a password, a shell or a home; there is no shadow file to guess from.</summary>
internal static class AccountFiles
{
    public static void Add(FileTree tree, Recipe recipe)
    {
        StringBuilder passwd = new("root:*:0:0:root:/:\n");
        StringBuilder group = new("root:*:0:\n");
        foreach (UserRecipe user in recipe.Users.OrderBy(user => user.Id))
        {
            passwd.Append($"{user.Name}:*:{user.Id}:{user.Id}:{user.Name}:/:\n");
            group.Append($"{user.Name}:*:{user.Id}:\n");
        }

        Put("etc/passwd", passwd);
        Put("etc/group", group);

        void Put(string path, StringBuilder text)
        {
            FileNode node = FileNode.Regular(ByteSource.FromMemory(Encoding.UTF8.GetBytes(text.ToString())));
            node.Origin = "users of the recipe";
            RootTree.Place(tree, path, node, recipe.Path);
        }
    }
}
