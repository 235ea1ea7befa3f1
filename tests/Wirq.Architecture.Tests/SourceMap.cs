using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using Assembly = System.Reflection.Assembly;

namespace Wirq.Architecture.Tests;

/// <summary>The source file of each type, by the symbols of its assembly.</summary>
internal sealed class SourceMap
{
    // The documents of a type without code: PortablePdb-Metadata.md, "Type Definition Documents".
    private static readonly Guid s_documentsOfType = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");

    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    internal SourceMap(Assembly assembly)
    {
        using var image = new System.Reflection.PortableExecutable.PEReader(File.OpenRead(assembly.Location));
        using var symbols = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(assembly.Location, ".pdb")));
        MetadataReader types = image.GetMetadataReader(), places = symbols.GetMetadataReader();
        foreach (MethodDefinitionHandle handle in types.MethodDefinitions)
        {
            MethodDebugInformation method = places.GetMethodDebugInformation(handle.ToDebugInformationHandle());
            DocumentHandle document = method.Document.IsNil && !method.SequencePointsBlob.IsNil
                ? method.GetSequencePoints().First().Document : method.Document;
            if (!document.IsNil)
                Note(types, types.GetMethodDefinition(handle).GetDeclaringType(), places, document);
        }
        foreach (CustomDebugInformationHandle handle in places.CustomDebugInformation)
        {
            CustomDebugInformation information = places.GetCustomDebugInformation(handle);
            if (places.GetGuid(information.Kind) != s_documentsOfType || information.Parent.Kind != HandleKind.TypeDefinition)
                continue;
            int document = places.GetBlobReader(information.Value).ReadCompressedInteger();
            Note(types, (TypeDefinitionHandle)information.Parent, places, MetadataTokens.DocumentHandle(document));
        }
    }

    /// <summary>The full names of the outermost types, and a file of each.</summary>
    internal IReadOnlyDictionary<string, string> Files => _files;

    private void Note(MetadataReader types, TypeDefinitionHandle handle, MetadataReader places, DocumentHandle document)
    {
        TypeDefinition type = types.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
            type = types.GetTypeDefinition(type.GetDeclaringType());
        string ns = types.GetString(type.Namespace), name = types.GetString(type.Name);
        string file = places.GetString(places.GetDocument(document).Name).Replace('\\', '/');
        int start = file.LastIndexOf("/src/", StringComparison.Ordinal);
        if (start >= 0)
            _files[ns.Length == 0 ? name : $"{ns}.{name}"] = file[(start + 1)..];
    }
}
